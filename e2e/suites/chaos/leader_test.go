package chaos_test

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
)

const lease = "pod-identity-webhook"

// leader is the replica that holds the lease, and under which name it does.
func (s *suite) leader(t *testing.T) (pod, holder string) {
	t.Helper()
	s.await(t, "a leader that lives", func(ctx context.Context) (bool, error) {
		holder = s.holder(ctx, t)
		pod, _, _ = strings.Cut(holder, "_")
		return slices.Contains(s.replicas(t), pod), nil
	})
	return pod, holder
}

func (s *suite) holder(ctx context.Context, t *testing.T) string {
	t.Helper()
	found, err := s.kube.CoordinationV1().Leases("pod-identity").Get(ctx, lease, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Spec.HolderIdentity == nil {
		return ""
	}
	return *found.Spec.HolderIdentity
}

// followed waits until a replica leads that did not lead under this name before.
func (s *suite) followed(t *testing.T, begin time.Time, before string) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		holder := s.holder(ctx, t)
		pod, _, _ := strings.Cut(holder, "_")
		return holder != before && strings.HasPrefix(pod, lease), nil
	})
	if err != nil {
		t.Fatalf("nobody follows %s: %v", before, err)
	}
	s.took(t, begin, "another one leads")
}

func killLeader(t *testing.T, s *suite) {
	pod, _ := s.leader(t)
	s.kill(t, pod)
}

// stopLeader has the leader disappear without a word, as with its node: it does not release the lease. It comes back while
// another one leads, and must not lead beside it.
func stopLeader(t *testing.T, s *suite) {
	pod, holder := s.leader(t)
	before, begin := s.restarts(t), time.Now()
	s.signal(t, pod, syscall.SIGSTOP)
	s.followed(t, begin, holder)
	_, next := s.leader(t)
	s.signal(t, pod, syscall.SIGCONT)
	s.gone(t)
	s.noneRestarted(t, before)
	if _, now := s.leader(t); now != next {
		t.Errorf("%s leads, although %s did when the stopped one came back", now, next)
	}
}

// foreignHolder has somebody write the lease that does not lead, for the longest time that is respected, and leave it there.
func foreignHolder(t *testing.T, s *suite) {
	s.leader(t)
	const patch = `{"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 15, "renewTime": "%s"}}`
	begin := time.Now()
	text := strings.Replace(patch, "%s", begin.UTC().Format(metav1.RFC3339Micro), 1)
	taken, err := s.kube.CoordinationV1().Leases("pod-identity").Patch(t.Context(), lease, types.MergePatchType, []byte(text), metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.followed(t, begin, *taken.Spec.HolderIdentity)
}
