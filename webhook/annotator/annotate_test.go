package annotator

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

func TestOnlyAnotherUIDExcusesAnInvalidPatch(t *testing.T) {
	invalid := func(path *field.Path) error {
		return apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "p", field.ErrorList{field.Invalid(path, "x", "no")})
	}
	for name, test := range map[string]struct {
		err     error
		another bool
	}{
		"another UID is another pod":                          {invalid(field.NewPath("metadata", "uid")), true},
		"annotations that are too long are not":               {invalid(field.NewPath("metadata", "annotations")), false},
		"a conflict is not, since the patch names no version": {apierrors.NewConflict(schema.GroupResource{Resource: "pods"}, "p", nil), false},
		"an error of the network is not":                      {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if isAnotherPod(test.err) != test.another {
				t.Errorf("%v", test.err)
			}
		})
	}
}

// nobody has an identity.
type nobody struct{}

func (nobody) Identity(association.ServiceAccount) (contract.Identity, bool) {
	return contract.Identity{}, false
}

func noAuthority() string { return "" }

func TestWhichPodsAreStale(t *testing.T) {
	ours := corev1.PodSpec{InitContainers: []corev1.Container{{Name: contract.ContainerName}}}
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
			a := New(nil, nobody{}, noAuthority, nil)
			if a.stale(&test.pod) != test.stale {
				t.Errorf("stale: %v", !test.stale)
			}
		})
	}
}

func TestAYoungPodKeepsTheIdentityItWasAdmittedWithForAWhile(t *testing.T) {
	pod := func(age time.Duration, identity string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			CreationTimestamp: metav1.NewTime(time.Now().Add(-age)), Annotations: map[string]string{contract.AnnotationIdentity: identity},
		}}
	}
	if premature(pod(0, "{}")) <= 0 {
		t.Error("a pod of this moment would lose its identity at once")
	}
	if left := premature(pod(time.Minute, "{}")); left != 0 {
		t.Errorf("a pod of a minute keeps a lost identity for another %s", left)
	}
	if left := premature(pod(0, "")); left != 0 {
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
			a := New(nil, nobody{}, func() string { return test.known }, nil)
			pod := &corev1.Pod{Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Name: contract.ContainerName}}}}
			pod.Annotations = map[string]string{contract.AnnotationStatus: a.wanted(pod).status}
			if test.carried != "" {
				pod.Annotations[contract.AnnotationAuthCA] = test.carried
			}
			if got := a.wanted(pod).authCA; got != test.want || a.stale(pod) != test.stale {
				t.Errorf("got %q, stale %v", got, a.stale(pod))
			}
		})
	}
}

func TestARenewedAuthorityDoesNotWaitForTheGraceOfAnIdentity(t *testing.T) {
	a := New(nil, nobody{}, func() string { return "new" }, nil)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.Now()}}
	if wait := a.patience(pod); wait != 0 {
		t.Errorf("it waits %s", wait)
	}
	pod.Annotations = map[string]string{contract.AnnotationIdentity: "{}"}
	if a.patience(pod) <= 0 {
		t.Error("the identity is taken from a young pod at once")
	}
}
