package reconciliation_test

import (
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// killSidecar kills the sidecar of a running pod as the kernel would for want of memory, and holds that the application
// neither restarts nor needs another authorization token.
func killSidecar(t *testing.T, p *platform.Platform) {
	const token = "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	inApplication := func(command string) string {
		return p.Do(t, "exec", "--namespace="+namespace, "early", "--container=early", "--", "sh", "-c", command)
	}
	before := inApplication(token)
	id := p.Do(t, "get", "pod", "--namespace="+namespace, "early", "-o=jsonpath={.status.initContainerStatuses[0].containerID}")
	for _, pid := range platform.Processes(t, id) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	p.Do(t, "wait", "--namespace="+namespace, "--for=jsonpath={.status.initContainerStatuses[0].restartCount}=1", "pod/early", "--timeout=1m")
	list(t, p, "early")
	if after := inApplication(token); after != before {
		t.Error("the authorization token is another one")
	}
	if restarts := p.Do(t, "get", "pod", "--namespace="+namespace, "early", "-o=jsonpath={.status.containerStatuses[*].restartCount}"); restarts != "0" {
		t.Errorf("the application restarted %s times", restarts)
	}
}
