package controller

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podidentity/podidentity/contract"
)

func trimmed(t *testing.T, tr *trimmer, annotations map[string]string) map[string]string {
	t.Helper()
	object, err := tr.trim(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}})
	if err != nil {
		t.Fatal(err)
	}
	return object.(*corev1.Pod).Annotations
}

func TestOurAnnotationsAreKeptAndNoOthers(t *testing.T) {
	ours := map[string]string{contract.AnnotationIdentity: "i", contract.AnnotationStatus: "s", contract.AnnotationAuthCA: "c"}
	all := maps.Clone(ours)
	all["checksum/config"] = "x"
	if got := trimmed(t, new(trimmer), all); !maps.Equal(got, ours) {
		t.Errorf("got %v", got)
	}
}

func TestPodsShareOneCopyOfTheAuthority(t *testing.T) {
	tr := new(trimmer)
	of := func(text string) string {
		return trimmed(t, tr, map[string]string{contract.AnnotationAuthCA: strings.Clone(text)})[contract.AnnotationAuthCA]
	}
	first, second, other := of("old"), of("old"), of("new")
	if unsafe.StringData(first) != unsafe.StringData(second) {
		t.Error("the second pod has a copy of its own")
	}
	if first != "old" || second != "old" || other != "new" {
		t.Errorf("got %q, %q, %q", first, second, other)
	}
}

func TestOnlyAnotherUIDExcusesAnInvalidPatch(t *testing.T) {
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

// A trimmed pod has no more of the container than its name, so the answer must not change when it is trimmed again.
func TestAPodWithAnotherContainerOfOurNameIsNotActive(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*corev1.Container)
		active bool
	}{
		"our own":                      {func(*corev1.Container) {}, true},
		"our own of another release":   {func(c *corev1.Container) { c.Image = "registry.example.com/sidecar:v0" }, true},
		"one that runs something else": {func(c *corev1.Container) { c.Command = []string{"sleep", "infinity"} }, false},
		"one that names another pod": {func(c *corev1.Container) {
			c.Env = []corev1.EnvVar{{Name: contract.EnvPodNamespace, Value: "team-payments"}}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := changed(injectedPod("p", "reader"), func(pod *corev1.Pod) { test.change(&pod.Spec.InitContainers[0]) })
			for range 3 {
				if active(pod) != test.active {
					t.Errorf("it is active: %t", active(pod))
				}
				object, err := new(trimmer).trim(pod)
				if err != nil {
					t.Fatal(err)
				}
				pod = object.(*corev1.Pod)
			}
		})
	}
}
