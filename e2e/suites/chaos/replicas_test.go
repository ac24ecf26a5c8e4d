package chaos_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

// webhook selects all replicas, of both Deployments.
const webhook = "--selector=app.kubernetes.io/name=pod-identity-webhook"

func (s *suite) rolledOut(t *testing.T) {
	t.Helper()
	s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment", webhook, "--timeout=3m")
}

func rollingUpdate(t *testing.T, s *suite) {
	s.Do(t, "rollout", "restart", "--namespace=pod-identity", "deployment", webhook)
	s.rolledOut(t)
	s.gone(t)
}

func scale(t *testing.T, s *suite) {
	for _, replicas := range []string{"2", "1"} {
		s.Do(t, "scale", "--namespace=pod-identity", "deployment", webhook, "--replicas="+replicas)
		s.rolledOut(t)
	}
	s.gone(t)
}

// gone waits until no replica is being stopped any more.
func (s *suite) gone(t *testing.T) {
	t.Helper()
	s.await(t, "two replicas, both ready", func(context.Context) (bool, error) { return len(s.replicas(t)) == 2 && s.ready(t) == 2, nil })
}

// replicas are the names of the webhook's pods.
func (s *suite) replicas(t *testing.T) []string {
	t.Helper()
	return strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", webhook, "--output=jsonpath={.items[*].metadata.name}"))
}

func (s *suite) ready(t *testing.T) int {
	t.Helper()
	return strings.Count(s.Do(t, "get", "pods", "--namespace=pod-identity", webhook,
		`--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}`), "True")
}

// evict asks for each replica as `kubectl drain` does, again and again where the PodDisruptionBudget forbids it.
func evict(t *testing.T, s *suite) {
	for _, name := range s.replicas(t) {
		eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: "pod-identity", Name: name}}
		s.await(t, "the eviction of "+name, func(ctx context.Context) (bool, error) {
			err := s.kube.PolicyV1().Evictions("pod-identity").Evict(ctx, eviction)
			if apierrors.IsTooManyRequests(err) {
				return false, nil
			}
			return true, err
		})
	}
	s.gone(t)
}

func deleteByForce(t *testing.T, s *suite) {
	s.Do(t, "delete", "pod", "--namespace=pod-identity", "--force", "--grace-period=0", s.any(t))
	s.gone(t)
}

func (s *suite) any(t *testing.T) string {
	t.Helper()
	all := s.replicas(t)
	return all[rand.IntN(len(all))]
}

func killOne(t *testing.T, s *suite) { s.kill(t, s.any(t)) }

// kill kills a replica as the kernel would for want of memory. Afterwards it is deleted, or the kubelet would wait ever longer
// before it starts the container again.
func (s *suite) kill(t *testing.T, pod string) {
	t.Helper()
	s.signal(t, pod, syscall.SIGKILL)
	s.Do(t, "wait", "--namespace=pod-identity", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/"+pod, "--timeout=3m")
	s.gone(t)
	s.Do(t, "delete", "pod", "--namespace=pod-identity", pod)
	s.gone(t)
}

// hang has a replica take connections and answer none, as one whose node has no time for it. It is another one each time: the
// kubelet rightly ends one that does not answer for twenty seconds.
func hang(t *testing.T, s *suite) {
	all := slices.DeleteFunc(s.replicas(t), func(pod string) bool { return pod == s.hung })
	before, pod := s.restarts(t), all[rand.IntN(len(all))]
	s.hung = pod
	s.signal(t, pod, syscall.SIGSTOP)
	<-time.After(10 * time.Second)
	s.signal(t, pod, syscall.SIGCONT)
	s.gone(t)
	s.noneRestarted(t, before)
}

// signal sends a signal to the processes of a replica.
func (s *suite) signal(t *testing.T, pod string, signal syscall.Signal) {
	t.Helper()
	container := s.Do(t, "get", "pod", "--namespace=pod-identity", pod, "--output=jsonpath={.status.containerStatuses[0].containerID}")
	for _, pid := range platform.Processes(t, container) {
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
}

func pauseEtcd(t *testing.T, s *suite) {
	etcd := s.Component(t, "etcd")
	before := s.restarts(t)
	if err := syscall.Kill(etcd, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-time.After(10 * time.Second)
	if err := syscall.Kill(etcd, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.recovered(t, before)
}

func restartAPIServer(t *testing.T, s *suite) { s.withoutAPIServer(t, 0) }

func apiServerAway(t *testing.T, s *suite) { s.withoutAPIServer(t, time.Minute) }

// withoutAPIServer also proves that no replica restarts, and that admissions work as soon as the API server does.
func (s *suite) withoutAPIServer(t *testing.T, length time.Duration) {
	t.Helper()
	before := s.restarts(t)
	if err := syscall.Kill(s.Component(t, "kube-apiserver"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-time.After(length)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Cluster.StartAPIServer(ctx); err != nil {
		t.Fatal(err)
	}
	s.recovered(t, before)
}

func (s *suite) restarts(t *testing.T) string {
	t.Helper()
	return s.Do(t, "get", "pods", "--namespace=pod-identity", "--output=jsonpath={.items[*].status.containerStatuses[0].restartCount}")
}

// recovered waits until pods are admitted again, and proves that no replica restarted.
func (s *suite) recovered(t *testing.T, restartsBefore string) {
	t.Helper()
	s.admits(t, 20)
	s.gone(t)
	s.noneRestarted(t, restartsBefore)
}

func (s *suite) noneRestarted(t *testing.T, before string) {
	t.Helper()
	after := s.restarts(t)
	if after == before {
		return
	}
	t.Errorf("replicas restarted: %s before and %s after", before, after)
	for _, pod := range s.replicas(t) {
		// Most have no container before this one.
		said, err := s.Cluster.Kubectl(t.Context(), nil, "logs", "--namespace=pod-identity", "--previous", "--tail=50", pod)
		t.Logf("%s: %v\n%s", pod, err, said)
		t.Log(s.Do(t, "get", "pod", "--namespace=pod-identity", pod, "--output=jsonpath={.status.containerStatuses[0].lastState}"))
	}
}
