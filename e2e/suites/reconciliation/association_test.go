package reconciliation_test

import (
	"fmt"
	"strings"
	"testing"
)

func columns(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	name := f.association("reader")
	f.Do(t, "wait", "--for=jsonpath={.status.pods}=1", "pia/"+name, "--timeout=3m")
	f.Do(t, "wait", "--for=condition=Ready", "pia/"+name, "--timeout=3m")
	lines := strings.Split(strings.TrimSpace(f.Do(t, "get", "pia", name)), "\n")
	want := "NAME NAMESPACE SERVICEACCOUNT ROLE READY PODS AGE\n" + name + " " + f.namespace + " reader " + f.RoleARN + " True 1"
	got := strings.Join(strings.Fields(lines[0]), " ") + "\n" + strings.Join(strings.Fields(lines[1])[:6], " ")
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func conflict(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	first, second := f.association("reader"), f.association("second")
	f.associate(t, "second", f.namespace)
	f.Do(t, "wait", "--for=condition=Conflicted", "pia/"+second, "--timeout=3m")
	f.Do(t, "wait", "--for=condition=Ready=false", "pia/"+second, "--timeout=3m")
	f.awaitDescription(t, []string{"pia", second}, "PodIdentityAssociation "+first+" takes precedence", "Warning  Conflicted",
		first+" selects the same pods and is older, so it is used: delete one of the two")
	f.dissociate(t, "reader")
	f.awaitAssociation(t, "second")
	f.Do(t, "wait", "--for=condition=Conflicted=false", "pia/"+second, "--timeout=3m")
	f.awaitDescription(t, []string{"pia", second}, "Normal   InEffect")
}

func malformedPolicy(t *testing.T, f fixture) {
	t.Parallel()
	f.associateAccount(t, "malformed", f.namespace, "nobody", fmt.Sprintf(`roleARN: %q, policy: '{"Version"}', disableSessionTags: true`, f.RoleARN))
	name := f.association("malformed")
	f.awaitDescription(t, []string{"pia", name}, "Warning  Unusable", "spec.policy of PodIdentityAssociation "+name+" is not a JSON object")
}

// sharedTarget needs no pod: what an association says of its session tags follows from its spec and from --source.
func sharedTarget(t *testing.T, f fixture) {
	t.Parallel()
	f.associateAccount(t, "shared", f.pattern(), "nobody", fmt.Sprintf("roleARN: %q, targetRoleARN: %q", f.RoleARN, f.RefusedRoleARN))
	name := f.association("shared")
	f.Do(t, "wait", "--for=condition=SessionVerified=false", "pia/"+name, "--timeout=3m")
	f.awaitDescription(t, []string{"pia", name}, "the pod sends the session tags", "Warning  TargetRoleShared", "share the target role")
}

func refusedRole(t *testing.T, f fixture) {
	t.Parallel()
	name := f.createRefused(t)
	f.awaitDescription(t, []string{"pia", name}, "Warning  NoCredentials",
		"1 of 1 pods got no credentials for over 1m0s: `kubectl describe pod --namespace "+f.namespace+" app` shows the reason")
	f.awaitDescription(t, []string{"pod", "--namespace=" + f.namespace, "app"}, "STS refuses role "+f.RefusedRoleARN)
}

// createRefused creates an association whose role STS refuses, and its pod app, and returns the association's name once it is not
// ready, which is after more than the minute that a pod is given.
func (f fixture) createRefused(t *testing.T) string {
	t.Helper()
	f.associateAccount(t, "refused", f.namespace, "reader", fmt.Sprintf("roleARN: %q", f.RefusedRoleARN))
	f.run(t, "app", "reader")
	f.Do(t, "wait", "--for=condition=Ready=false", "pia/"+f.association("refused"), "--timeout=4m")
	return f.association("refused")
}
