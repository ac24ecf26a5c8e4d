package injected

import (
	"maps"
	"strings"
	"testing"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
)

func slimmed(t *testing.T, s *slimmer, annotations map[string]string) map[string]string {
	t.Helper()
	object, err := s.slim(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Annotations: annotations}})
	if err != nil {
		t.Fatal(err)
	}
	return object.(*corev1.Pod).Annotations
}

func TestOurAnnotationsAreKeptAndNoOthers(t *testing.T) {
	ours := map[string]string{contract.AnnotationIdentity: "i", contract.AnnotationStatus: "s", contract.AnnotationAuthCA: "c"}
	all := maps.Clone(ours)
	all["checksum/config"] = "x"
	if got := slimmed(t, new(slimmer), all); !maps.Equal(got, ours) {
		t.Errorf("got %v", got)
	}
}

func TestPodsShareOneCopyOfTheAuthority(t *testing.T) {
	s := new(slimmer)
	of := func(text string) string {
		return slimmed(t, s, map[string]string{contract.AnnotationAuthCA: strings.Clone(text)})[contract.AnnotationAuthCA]
	}
	first, second, other := of("old"), of("old"), of("new")
	if unsafe.StringData(first) != unsafe.StringData(second) {
		t.Error("the second pod has a copy of its own")
	}
	if first != "old" || second != "old" || other != "new" {
		t.Errorf("got %q, %q, %q", first, second, other)
	}
}
