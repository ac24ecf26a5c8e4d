package attack_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

// container is one of the product's.
type container struct {
	server, pod, id string
	restarts        int32
	group           cgroup
	// ready is when the pod became ready.
	ready  string
	killed int64
}

// containers are those of all pods of the product.
func (s *suite) containers(t *testing.T) (all []container) {
	t.Helper()
	for _, pod := range s.pods(t) {
		server, statuses := serverOf(pod), pod.Status.ContainerStatuses
		if server == sidecar {
			statuses = pod.Status.InitContainerStatuses
		}
		for _, status := range statuses {
			group := cgroupOf(t, platform.Processes(t, status.ContainerID)[0])
			all = append(all, container{
				server: server, pod: pod.Name, id: status.ContainerID, restarts: status.RestartCount, ready: readySince(pod),
				group: group, killed: group.killed(t),
			})
		}
	}
	return all
}

// readySince is when a pod became ready, or "" if it is not.
func readySince(pod corev1.Pod) string {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return condition.LastTransitionTime.String()
		}
	}
	return ""
}

// check complains if a container has come to the limit of its memory.
func (c container) check(t *testing.T) {
	t.Helper()
	if peak, limit := c.group.peak(t), c.group.limit(t); peak >= limit {
		t.Errorf("%s of pod %s has used %d bytes of memory, all of its limit", c.server, c.pod, peak)
	}
	if killed := c.group.killed(t); killed != c.killed {
		t.Errorf("the kernel killed processes of pod %s for want of memory", c.pod)
	}
}

// unharmed complains about containers that are not as before.
func (s *suite) unharmed(t *testing.T, before []container) {
	t.Helper()
	after := map[string]container{}
	for _, c := range s.containers(t) {
		after[c.id] = c
	}
	for _, c := range before {
		if now, ok := after[c.id]; !ok || now.restarts != c.restarts {
			t.Errorf("%s of pod %s restarted", c.server, c.pod)
		} else if now.ready != c.ready {
			t.Errorf("pod %s was ready since %q, and is since %q", c.pod, c.ready, now.ready)
		}
	}
}
