package reconciliation_test

import (
	"strings"
	"testing"
)

const (
	// supports is what a node says of its container runtime.
	supports = `-o=jsonpath={.items[*].status.runtimeHandlers[?(@.name=="")].features.userNamespaces}`
	// refusal is what the kubelet says of a pod that asks for what the runtime has not.
	refusal = "runtime does not support user namespaces"
	// firstID prints to which user of the node root of the container is mapped.
	firstID = "read inside outside length < /proc/self/uid_map; echo $outside"
	// files prints the users, groups and modes of what the sidecar and the kubelet have written.
	files = `stat -L -c "%u %g %a" $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE $(dirname $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) /var/run/secrets/kubernetes.io/serviceaccount/token`
)

// userNamespace proves of a pod with hostUsers: false what separateContainers proves of others. Where the runtime has no user namespaces, it
// proves that it is the kubelet that does not start the pod, and that the pod was injected all the same.
func userNamespace(t *testing.T, f fixture) {
	t.Parallel()
	f.associateTwo(t)
	f.runThree(t, false)
	if status := f.inPod(t, `{.metadata.annotations.podidentity\.dev/status}`); !strings.HasPrefix(status, "injected") {
		t.Errorf("the status is %q", status)
	}
	switch {
	case f.inPod(t, "{.spec.hostUsers}") == "":
		// An API server from before 1.33 drops the field, unless it is told not to.
		f.awaitReady(t)
		f.list(t)
	case f.Do(t, "get", "nodes", supports) != "true":
		f.awaitDescription(t, []string{"pod", "--namespace=" + f.namespace, "app"}, refusal)
	default:
		f.awaitReady(t)
		f.seesItsOwnUsers(t)
		f.keepApart(t)
	}
}

// seesItsOwnUsers proves that the files of the sidecar and of the kubelet belong to whom they belong in other pods.
func (f fixture) seesItsOwnUsers(t *testing.T) {
	t.Helper()
	if seen := strings.TrimSpace(f.execute(t, "sh", "-c", firstID)); seen == "0" {
		t.Error("root of the pod is root of the node")
	}
	const want = "1000 0 644\n1000 0 755\n0 0 644\n"
	if seen := f.execute(t, "sh", "-c", files); seen != want {
		t.Errorf("users, groups and modes are\n%s, not\n%s", seen, want)
	}
}
