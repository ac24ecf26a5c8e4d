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
