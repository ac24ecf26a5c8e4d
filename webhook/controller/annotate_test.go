package controller

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

func newTestAnnotator(authCA string) *annotator {
	return &annotator{identities: association.NewIndex(), authCA: func() string { return authCA }, conflicts: newConflicts()}
}

func TestWhichPodsAreStale(t *testing.T) {
	ours := injectedPod("p", "nobody").Spec
	had := map[string]string{contract.AnnotationIdentity: `{"roleARN":"r"}`, contract.AnnotationStatus: contract.StatusInjected}
	for name, test := range map[string]struct {
		pod   corev1.Pod
		stale bool
	}{
		"a running pod that has lost its association is": {
			corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: had}, Spec: ours}, true,
		},
		"one without our sidecar, whatever its label says, is not": {
			corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: had}}, false,
		},
		"one that is being deleted is not": {
			corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: had, DeletionTimestamp: &metav1.Time{}}, Spec: ours}, false,
		},
		"one that has ended is not": {
			corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: had}, Spec: ours, Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, stale := newTestAnnotator("").check(&test.pod); stale != test.stale {
				t.Errorf("stale: %v", !test.stale)
			}
		})
	}
}

func TestAYoungPodKeepsTheIdentityItWasAdmittedWithForAWhile(t *testing.T) {
	delay := func(age time.Duration, identity string) time.Duration {
		pod := injectedPod("p", "nobody")
		pod.CreationTimestamp, pod.Annotations = metav1.NewTime(time.Now().Add(-age)), map[string]string{contract.AnnotationIdentity: identity}
		_, delay, stale := newTestAnnotator("").check(pod)
		if !stale {
			t.Error("it is not stale")
		}
		return delay
	}
	if delay(0, "{}") <= 0 {
		t.Error("a pod of this moment would lose its identity at once")
	}
	if left := delay(time.Minute, "{}"); left != 0 {
		t.Errorf("a pod of a minute keeps a lost identity for another %s", left)
	}
	if left := delay(0, ""); left != 0 {
		t.Errorf("a pod without identity waits %s for one", left)
	}
}

func TestTheAuthorityThatPodsCarry(t *testing.T) {
	for name, test := range map[string]struct {
		known, carried, want string
		stale                bool
	}{
		"a pod gets the one that is known":                      {known: "new", want: "new", stale: true},
		"a renewed one replaces the old":                        {known: "new", carried: "old", want: "new", stale: true},
		"a pod that has it is left alone":                       {known: "new", carried: "new", want: "new"},
		"while none is known a pod keeps what it has":           {carried: "old", want: "old"},
		"where pods ask no auth service there is nothing of it": {},
	} {
		t.Run(name, func(t *testing.T) {
			a, pod := newTestAnnotator(test.known), injectedPod("p", "nobody")
			pod.Annotations = map[string]string{contract.AnnotationStatus: a.wanted(pod).status}
			if test.carried != "" {
				pod.Annotations[contract.AnnotationAuthCA] = test.carried
			}
			if got, _, stale := a.check(pod); got.authCA != test.want || stale != test.stale {
				t.Errorf("got %q, stale %v", got.authCA, stale)
			}
		})
	}
}

func TestARenewedAuthorityDoesNotWaitForTheGraceOfAnIdentity(t *testing.T) {
	a, pod := newTestAnnotator("new"), injectedPod("p", "nobody")
	pod.CreationTimestamp = metav1.Now()
	if _, delay, stale := a.check(pod); delay != 0 || !stale {
		t.Errorf("it waits %s, stale %v", delay, stale)
	}
	pod.Annotations = map[string]string{contract.AnnotationIdentity: "{}"}
	if _, delay, _ := a.check(pod); delay <= 0 {
		t.Error("the identity is taken from a young pod at once")
	}
}
