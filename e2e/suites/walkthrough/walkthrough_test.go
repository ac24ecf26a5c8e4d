// Package walkthrough_test proves that each step of the demo holds, and that the API server refuses an invalid association.
package walkthrough_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/walkthrough"
)

func TestOnARealCluster(t *testing.T) {
	env := platform.EnvForTest(t, "walkthrough")
	if err := walkthrough.Prepare(t.Context(), env); err != nil {
		t.Fatal(err)
	}
	for _, step := range walkthrough.Steps(env) {
		t.Run(step.Title, func(t *testing.T) {
			if seen, err := step.Run(t.Context(), env); err != nil {
				t.Errorf("%v\n%s", err, seen)
			}
		})
	}
	t.Run("after the auth service is left, pods ask STS again", func(t *testing.T) { asksSTS(t, env) })
	t.Run("an invalid association is refused with a sentence for each field", func(t *testing.T) { refusesInvalid(t, env) })
}

// asksSTS has a pod admitted without creating it.
func asksSTS(t *testing.T, env *platform.Env) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: eks-s3-example}\nspec: {containers: [{name: app, image: app}]}"
	sidecar := env.DoWith(t, pod, "create", "--dry-run=server", "-o=jsonpath={.spec.initContainers[0]}", "-f", "-")
	if !strings.Contains(sidecar, "pod-identity") || strings.Contains(sidecar, "eks-auth") {
		t.Errorf("the sidecar would be %s", sidecar)
	}
}

// refusesInvalid applies associations that differ from a valid one in one thing, and expects the API server to name it.
func refusesInvalid(t *testing.T, env *platform.Env) {
	const valid = "  namespace: a\n  serviceAccount: b\n  roleARN: arn:aws:iam::111122223333:role/r\n"
	apply := func(t *testing.T, spec string) error {
		t.Helper()
		text := "apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: invalid}\nspec:\n" + spec
		_, err := env.Kubectl(t.Context(), strings.NewReader(text), "apply", "--dry-run=server", "-f", "-")
		return err
	}
	if err := apply(t, valid); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ spec, says string }{
		"no namespace":                  {strings.Replace(valid, "  namespace: a\n", "", 1), "spec.namespace: Required value"},
		"no service account":            {strings.Replace(valid, "  serviceAccount: b\n", "", 1), "spec.serviceAccount: Required value"},
		"no role":                       {strings.Replace(valid, "  roleARN: arn:aws:iam::111122223333:role/r\n", "", 1), "spec.roleARN: Required value"},
		"a namespace in capitals":       {strings.Replace(valid, ": a\n", ": A\n", 1), "namespace must be the name of a Kubernetes namespace"},
		"a service account with a path": {strings.Replace(valid, ": b\n", ": b/c\n", 1), "serviceAccount must be the name of a Kubernetes service account"},
		"a role's name alone":           {strings.Replace(valid, "arn:aws:iam::111122223333:role/r", "reader", 1), "roleARN must be the ARN of an IAM role, such as"},
		"a user's ARN":                  {strings.Replace(valid, ":role/r", ":user/r", 1), "roleARN must be the ARN of an IAM role, such as"},
		"a target role's name alone":    {valid + "  targetRoleARN: target\n", "targetRoleARN must be the ARN of an IAM role, such as"},
		"an external id without target": {valid + "  externalID: xy\n", "set targetRoleARN, or remove externalID"},
		"an external id with a space":   {valid + "  targetRoleARN: arn:aws:iam::111122223333:role/t\n  externalID: x y\n", "externalID must be at least 2 characters"},
		"a policy that is a name":       {valid + "  disableSessionTags: true\n  policy: ReadOnly\n", "policy must be the JSON text of an IAM policy"},
		"a policy with session tags":    {valid + "  policy: '{}'\n", "set disableSessionTags to true, or remove policy"},
		"a duration without a unit":     {valid + "  sessionDuration: '3600'\n", "sessionDuration must be a duration with units between 15m and 12h"},
		"a session too short for STS":   {valid + "  sessionDuration: 5m\n", "sessionDuration must be a duration with units between 15m and 12h"},
		"another source identity":       {valid + "  sourceIdentity: NodeName\n", "sourceIdentity must be PodName"},
		"a label that is none":          {valid + "  tagLabels: ['team=shop']\n", "tagLabels must be keys of labels, such as team"},
		"a label that is too long":      {valid + "  tagLabels: [" + strings.Repeat("a", 129) + "]\n", "spec.tagLabels[0]: Too long"},
		"more labels than ten":          {valid + "  tagLabels: [a, b, c, d, e, f, g, h, i, j, k]\n", "spec.tagLabels: Too many"},
		"a label that shadows a tag":    {valid + "  tagLabels: [Kubernetes-Pod-Name]\n", "tagLabels must not have the key of a session tag of EKS"},
		"labels that differ in case":    {valid + "  tagLabels: [team, Team]\n", "STS knows no case in the keys of tags"},
		"labels without session tags":   {valid + "  disableSessionTags: true\n  tagLabels: [team]\n", "remove disableSessionTags, or remove tagLabels"},
		"a field that does not exist":   {valid + "  roleArn: x\n", "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := apply(t, test.spec); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v; it should say %q", err, test.says)
			}
		})
	}
	t.Run("an association that moves to another service account", func(t *testing.T) { refusesMove(t, env) })
}

func refusesMove(t *testing.T, env *platform.Env) {
	_, err := env.Kubectl(t.Context(), nil, "patch", "pia", "eks-s3-example", "--type=merge",
		`--patch={"spec":{"namespace":"elsewhere","serviceAccount":"other"}}`)
	for _, says := range []string{"namespace is immutable", "serviceAccount is immutable", "delete this association and create another"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; it should say %q", err, says)
		}
	}
}
