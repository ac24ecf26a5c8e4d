package reconciliation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// webIdentity proves that the AWS CLI finds the token that a pod has which asks for web identity, without a sidecar, also on the
// network of the node, and that such a pod keeps its role.
func webIdentity(t *testing.T, f fixture) {
	t.Parallel()
	if status := f.runWebIdentity(t, "--dry-run=server"); !strings.Contains(status, "skipped: no PodIdentityAssociation") {
		t.Errorf("without an association the status is %q", status)
	}
	f.associate(t, "reader", f.namespace)
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, waitTimeout, true, func(context.Context) (bool, error) {
		return strings.HasPrefix(f.runWebIdentity(t, "--dry-run=server"), "injected: the application has the token"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	f.runWebIdentity(t)
	f.Do(t, "wait", "--namespace="+f.namespace, "--for=condition=Ready", "pod/app", "--timeout=3m")
	if containers := f.inPod(t, "{.spec.initContainers}"); containers != "" {
		t.Errorf("the pod has init containers: %s", containers)
	}
	if found := f.execute(t, "aws", "configure", "list"); !strings.Contains(found, "assume-role-with-web-identity") {
		t.Errorf("the AWS CLI finds\n%s", found)
	}
	f.list(t)
	identity := f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`)
	f.dissociate(t, "reader")
	f.list(t)
	if now := f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`); now != identity || !strings.Contains(now, f.RoleARN) {
		t.Errorf("the identity was %s, and is %s", identity, now)
	}
}

// runWebIdentity runs the pod app on the network of the node, and returns its status.
func (f fixture) runWebIdentity(t *testing.T, more ...string) string {
	t.Helper()
	arguments := append([]string{
		"run", "app", "--namespace=" + f.namespace, "--image=" + f.CLIImage, "--command", "--annotations=podidentity.dev/authorization=web-identity",
		`--overrides={"spec":{"serviceAccountName":"reader","hostNetwork":true,"terminationGracePeriodSeconds":1}}`,
		`--output=jsonpath={.metadata.annotations.podidentity\.dev/status}`,
	}, more...)
	return f.Do(t, append(arguments, "--", "sleep", "infinity")...)
}
