package policies_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

const (
	outside       = "is outside of the annotation podidentity.dev/allowed-roles of namespace "
	exactNames    = "spec.namespace, spec.serviceAccount and spec.container must be exact names here"
	sessionPolicy = "an association must have a session policy here"

	// bounds end with a comma in the name of a role, which leaves a star that is malformed.
	bounds  = "arn:aws:iam::111122223333:role/shop-*, arn:aws:iam::*:role/shared+a.b/*, arn:aws:iam::111122223333:role/team,*"
	inside  = "arn:aws:iam::111122223333:role/shop-reader"
	admin   = "arn:aws:iam::111122223333:role/admin"
	session = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}]}`
)

// associations binds the policies one after the other. Before, nothing that they refuse is refused.
func (f fixture) associations(t *testing.T) {
	f.Do(t, "annotate", "namespace", f.namespace, "podidentity.dev/allowed-roles="+bounds)
	from := f.fromBefore(t)
	stages := []struct {
		sentence string
		policies []string
		attempts map[string]attempt
	}{
		{"roles are within the bounds of each namespace", []string{"allowed-roles"}, f.withinBounds()},
		{"patterns are forbidden, and a session policy is demanded", []string{"exact-names", "session-policy"}, f.exactWithPolicy()},
		{"an association from before stays as it is, or goes", nil, fromBefore(from)},
	}
	for _, stage := range stages {
		for _, attempt := range stage.attempts {
			attempt.refused = allowed
			f.try(t, attempt)
		}
	}
	for _, stage := range stages {
		for _, policy := range stage.policies {
			f.bind(t, policy) // until the last stage is over
		}
		t.Run(stage.sentence, func(t *testing.T) {
			f.awaitRefusals(t, stage.attempts)
			for name, attempt := range stage.attempts {
				t.Run(name, func(t *testing.T) { f.try(t, attempt) })
			}
		})
	}
	t.Run("a star alone allows every role", func(t *testing.T) {
		f.Do(t, "annotate", "--overwrite", "namespace", f.namespace, "podidentity.dev/allowed-roles=*")
		f.awaitAdmission(t, attempt{anybody, create(f.namespace, "app", admin, "disableSessionTags: true", "policy: '"+session+"'"), allowed})
	})
}

// awaitAdmission waits until the API server has read the annotation.
func (f fixture) awaitAdmission(t *testing.T, a attempt) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		_, err := f.as(ctx, t, a)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

func (f fixture) withinBounds() map[string]attempt {
	return map[string]attempt{
		"a role within them":                       {anybody, create(f.namespace, "app", inside), allowed},
		"a role of any account, where they say so": {anybody, create(f.namespace, "app", "arn:aws:iam::444455556666:role/shared+a.b/c/d"), allowed},
		"a target role within them":                {anybody, create(f.namespace, "app", inside, "targetRoleARN: "+inside), allowed},
		"no role outside of them":                  {anybody, create(f.namespace, "app", admin), outside + f.namespace},
		"no role of another account":               {anybody, create(f.namespace, "app", "arn:aws:iam::444455556666:role/shop-reader"), outside + f.namespace},
		"no role of which a part matches":          {anybody, create(f.namespace, "app", "arn:aws:iam::444455556666:role/a/shared+a.b/c"), outside + f.namespace},
		"a point in a pattern is a point":          {anybody, create(f.namespace, "app", "arn:aws:iam::444455556666:role/shared+a-b/c"), outside + f.namespace},
		"no target role outside of them":           {anybody, create(f.namespace, "app", inside, "targetRoleARN: "+admin), outside + f.namespace},
		"no pattern that selects the namespace":    {anybody, create("policies-*", "app", admin), outside},
		"nor one that selects all":                 {anybody, create("*", "*", admin), outside},
		"a pattern with a role within them":        {anybody, create("policies-*", "*", inside), allowed},
		"a pattern that selects others":            {anybody, create("policy-*", "*", admin), allowed},
		"any role where a namespace has none":      {anybody, create(f.unlabelled, "app", admin), allowed},
		"any role where there is no namespace":     {anybody, create(f.namespace+"-later", "app", admin), allowed},
	}
}

func (f fixture) exactWithPolicy() map[string]attempt {
	const tags, policy = "disableSessionTags: true", "policy: '" + session + "'"
	return map[string]attempt{
		"exact names with a policy":             {anybody, create(f.namespace, "app", inside, tags, policy), allowed},
		"no pattern of namespaces":              {anybody, create("policies-*", "app", inside, tags, policy), exactNames},
		"no pattern of service accounts":        {anybody, create(f.namespace, "app*", inside, tags, policy), exactNames},
		"an exact container with a policy":      {anybody, create(f.namespace, "app", inside, tags, policy, "container: agent"), allowed},
		"no pattern of containers":              {anybody, create(f.namespace, "app", inside, tags, policy, `container: "agent*"`), exactNames},
		"no association without session policy": {anybody, create(f.namespace, "app", inside, tags), sessionPolicy},
	}
}

// fromBefore creates an association that each of the policies would refuse, and returns its name.
func (f fixture) fromBefore(t *testing.T) string {
	t.Helper()
	f.DoWith(t, association(f.namespace, f.namespace, "*", admin), "create", "--filename=-")
	t.Cleanup(func() {
		if _, err := f.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "podidentityassociation", f.namespace); err != nil {
			t.Error(err)
		}
	})
	return f.namespace
}

func fromBefore(name string) map[string]attempt {
	run := func(args ...string) request {
		return func(*testing.T, fixture) (string, []string) { return "", append(args, "--dry-run=server") }
	}
	edit := func(text string, flags ...string) request {
		return run(append([]string{"patch", "podidentityassociation", name, "--type=merge", "--patch=" + text}, flags...)...)
	}
	return map[string]attempt{
		"its labels can be changed":       {anybody, edit(`{"metadata": {"labels": {"team": "green"}}}`), allowed},
		"its status can be written":       {product, edit(`{"status": {"pods": 1}}`, "--subresource=status"), allowed},
		"it can be deleted":               {anybody, run("delete", "podidentityassociation", name), allowed},
		"it gets no other role":           {anybody, edit(`{"spec": {"roleARN": "` + admin + `-2"}}`), refused},
		"it gets no other session either": {anybody, edit(`{"spec": {"sessionDuration": "2h"}}`), refused},
	}
}

// bind applies a policy with its binding, for the scenario.
func (f fixture) bind(t *testing.T, policy string) {
	t.Helper()
	file := "--filename=../../../manifests/policies/" + policy + "/policy.yaml"
	f.Do(t, "apply", file)
	t.Cleanup(func() {
		if _, err := f.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", file); err != nil {
			t.Error(err)
		}
	})
}

// awaitRefusals waits until the API server has read the policies. It needs a second or so.
func (f fixture) awaitRefusals(t *testing.T, attempts map[string]attempt) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for name, a := range attempts {
		for a.refused != allowed {
			if _, err := f.as(ctx, t, a); err != nil && strings.Contains(err.Error(), a.refused) {
				break
			}
			if ctx.Err() != nil {
				t.Fatalf("%s: it is not refused with %q", name, a.refused)
			}
		}
	}
}

func create(namespace, account, role string, more ...string) request {
	return func(*testing.T, fixture) (string, []string) {
		return association("policies", namespace, account, role, more...), []string{"create", "--dry-run=server", "--filename=-"}
	}
}

// association has more lines of its spec.
func association(name, namespace, account, role string, more ...string) string {
	return fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec:\n  %s\n",
		name, strings.Join(append([]string{fmt.Sprintf("namespace: %q", namespace), fmt.Sprintf("serviceAccount: %q", account), "roleARN: " + role}, more...), "\n  "))
}
