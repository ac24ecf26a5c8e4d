package limitranges

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
)

func limitRange(namespace, name string, types ...corev1.LimitType) *corev1.LimitRange {
	l := &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, kind := range types {
		l.Spec.Limits = append(l.Spec.Limits, corev1.LimitRangeItem{Type: kind})
	}
	return l
}

func TestTheIndexFollowsTheLimitRangesOfANamespace(t *testing.T) {
	for name, test := range map[string]struct {
		events func(x *Index)
		want   []corev1.LimitType
	}{
		"a namespace without LimitRanges has no items": {func(*Index) {}, nil},
		"the items of all LimitRanges count": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.set(limitRange("team", "two", corev1.LimitTypePod))
		}, []corev1.LimitType{corev1.LimitTypeContainer, corev1.LimitTypePod}},
		"those of other namespaces do not": {func(x *Index) { x.set(limitRange("other", "one", corev1.LimitTypePod)) }, nil},
		"a change replaces what was there": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.set(limitRange("team", "one", corev1.LimitTypePod))
		}, []corev1.LimitType{corev1.LimitTypePod}},
		"a deletion removes one LimitRange": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.set(limitRange("team", "two", corev1.LimitTypePod))
			x.delete(limitRange("team", "one"))
		}, []corev1.LimitType{corev1.LimitTypePod}},
		"a deletion that the watch missed does too": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.delete(toolscache.DeletedFinalStateUnknown{Obj: limitRange("team", "one")})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var x Index
			test.events(&x)
			var got []corev1.LimitType
			for _, item := range x.Items("team") {
				got = append(got, item.Type)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, not %v", got, test.want)
			}
		})
	}
}

// client-go may transform an object twice.
func TestWhatIsNotUsedOfALimitRangeIsStripped(t *testing.T) {
	l := limitRange("team", "one", corev1.LimitTypePersistentVolumeClaim, corev1.LimitTypeContainer)
	l.Annotations = map[string]string{"large": "text"}
	for range 2 {
		if _, err := strip(l); err != nil {
			t.Fatal(err)
		}
		if len(l.Spec.Limits) != 1 || l.Spec.Limits[0].Type != corev1.LimitTypeContainer || l.Annotations != nil || l.Name != "one" || l.Namespace != "team" {
			t.Errorf("left is %+v", l)
		}
	}
	if _, err := strip("text"); err == nil {
		t.Error("something else is taken for a LimitRange")
	}
}
