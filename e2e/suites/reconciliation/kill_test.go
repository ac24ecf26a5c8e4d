package reconciliation_test

import (
	"fmt"
	"strings"
	"testing"
)

// killer is a pod that kills the processes of a container on its node.
const killer = `
apiVersion: v1
kind: Pod
metadata: {name: killer, annotations: {podidentity.dev/inject: "false"}}
spec:
  nodeName: %s
  hostPID: true
  restartPolicy: Never
  containers:
    - name: killer
      image: %s
      securityContext: {runAsUser: 0, runAsGroup: 0, privileged: true}
      command: [sh, -euc, 'for cgroup in $(grep -ls %s /proc/[0-9]*/cgroup); do kill -9 $(echo $cgroup | cut -d / -f 3); killed=true; done; $killed']
`

// killedSidecar kills the sidecar of a running pod as the kernel would for want of memory, and proves that the application
// neither restarts nor needs another authorization token.
func killedSidecar(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	token := []string{"sh", "-c", "cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"}
	before := f.execute(t, token...)
	f.killSidecar(t)
	f.Do(t, "wait", "--namespace="+f.namespace, "--for=jsonpath={.status.initContainerStatuses[0].restartCount}=1", "pod/app", "--timeout=3m")
	f.awaitReady(t)
	f.list(t)
	if after := f.execute(t, token...); after != before {
		t.Error("the authorization token is another one")
	}
	if restarts := f.inPod(t, "{.status.containerStatuses[*].restartCount}"); restarts != "0" {
		t.Errorf("the application restarted %s times", restarts)
	}
}

// killSidecar kills the sidecar of the pod app.
func (f fixture) killSidecar(t *testing.T) {
	t.Helper()
	_, id, _ := strings.Cut(f.inPod(t, "{.status.initContainerStatuses[0].containerID}"), "://")
	f.DoWith(t, fmt.Sprintf(killer, f.inPod(t, "{.spec.nodeName}"), f.CLIImage, id), "create", "--namespace="+f.namespace, "--filename=-")
}
