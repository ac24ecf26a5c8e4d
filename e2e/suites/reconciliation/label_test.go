package reconciliation_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// labelRemoved removes the label that the leader's watch selects, and forges the identity of the same pod: both are put right,
// and the pod is not said to have no sidecar.
func labelRemoved(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	before := f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`)
	f.forge(t, `{"labels": {"podidentity.dev/injected": null}, "annotations": {"podidentity.dev/identity": "{\"roleARN\":\"arn:minio:iam:::role/forged\"}"}}`)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.labels.podidentity\.dev/injected}=true`, "pod/app", "--timeout=3m")
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+before, "pod/app", "--timeout=3m")
	if events := f.Do(t, "get", "events", "--namespace="+f.namespace, "--field-selector=reason=NotInjected", "--output=name"); events != "" {
		t.Errorf("a pod with a sidecar is said to have none: %s", events)
	}
}

// labels has an association list a label of a pod that runs already, and changes the label.
func labels(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	name := f.association("reader")
	await := func(tags string) {
		t.Helper()
		want, seen := fmt.Sprintf(`{"association":%q,"roleARN":%q%s}`, name, f.RoleARN, tags), ""
		err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, waitTimeout, true, func(context.Context) (bool, error) {
			seen = f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`)
			return seen == want, nil
		})
		if err != nil {
			t.Fatalf("the identity is %s, not %s", seen, want)
		}
	}
	f.Do(t, "label", "pod", "--namespace="+f.namespace, "app", "team=shop")
	f.Do(t, "patch", "pia", name, "--type=merge", `--patch={"spec": {"tagLabels": ["team", "tier"]}}`)
	await(`,"tags":"team=shop"`)
	f.awaitDescription(t, []string{"pia", name}, "nothing sends tagLabels, because AssumeRoleWithWebIdentity takes neither: set targetRoleARN")
	f.Do(t, "label", "pod", "--namespace="+f.namespace, "app", "--overwrite", "team=bank", "tier=web")
	await(`,"tags":"team=bank,tier=web"`)
	f.Do(t, "patch", "pia", name, "--type=merge", `--patch={"spec": {"tagLabels": null}}`)
	await("")
}
