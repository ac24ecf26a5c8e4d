package resourcerules

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(namespace + "/" + name)}
}

func limitRange(namespace, name string, kinds ...corev1.LimitType) *corev1.LimitRange {
	l := &corev1.LimitRange{ObjectMeta: meta(namespace, name)}
	for _, kind := range kinds {
		l.Spec.Limits = append(l.Spec.Limits, corev1.LimitRangeItem{Type: kind})
	}
	return l
}

// quota bounds other resources by its spec than by its status, which follows.
func quota(namespace, name string, spec, status corev1.ResourceName) *corev1.ResourceQuota {
	q := &corev1.ResourceQuota{ObjectMeta: meta(namespace, name)}
	q.Spec.Hard = corev1.ResourceList{spec: resource.MustParse("1")}
	q.Status.Hard = corev1.ResourceList{status: resource.MustParse("1")}
	q.Status.Used = q.Status.Hard
	return q
}

func TestTheIndexFollowsTheRulesOfANamespace(t *testing.T) {
	for name, test := range map[string]struct {
		events func(x *Index)
		want   []string
	}{
		"a namespace without rules has none": {func(*Index) {}, nil},
		"the items of all LimitRanges count": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.set(limitRange("team", "two", corev1.LimitTypePod))
		}, []string{"Container", "Pod"}},
		"what a quota bounds counts by its spec and by its status": {func(x *Index) {
			x.set(limitRange("team", "limits", corev1.LimitTypePod))
			x.set(quota("team", "quota", "limits.cpu", "pods"))
		}, []string{"Pod", "limits.cpu", "pods"}},
		"those of other namespaces do not": {func(x *Index) {
			x.set(quota("other", "one", "pods", "pods"))
			x.set(limitRange("other", "two", corev1.LimitTypePod))
		}, nil},
		"a change replaces what was there": {func(x *Index) {
			x.set(quota("team", "one", "pods", "pods"))
			x.set(quota("team", "one", "cpu", "memory"))
		}, []string{"cpu", "memory"}},
		"a deletion removes one object": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.set(limitRange("team", "two", corev1.LimitTypePod))
			x.delete(limitRange("team", "one"))
		}, []string{"Pod"}},
		"a deletion that the watch missed does too": {func(x *Index) {
			x.set(limitRange("team", "one", corev1.LimitTypeContainer))
			x.delete(toolscache.DeletedFinalStateUnknown{Obj: limitRange("team", "one")})
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var x Index
			test.events(&x)
			var got []string
			rules := x.Rules("team")
			for _, item := range rules.LimitRanges {
				got = append(got, string(item.Type))
			}
			for _, bound := range rules.Quotas {
				got = append(got, string(bound))
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, not %v", got, test.want)
			}
		})
	}
}

// client-go may transform an object twice.
func TestWhatIsNotUsedIsStripped(t *testing.T) {
	l := limitRange("team", "one", corev1.LimitTypePersistentVolumeClaim, corev1.LimitTypeContainer)
	l.Annotations = map[string]string{"large": "text"}
	q := quota("team", "one", "cpu", "memory")
	q.Annotations = l.Annotations
	for range 2 {
		for _, object := range []any{l, q} {
			if _, err := strip(object); err != nil {
				t.Fatal(err)
			}
		}
		if len(l.Spec.Limits) != 1 || l.Spec.Limits[0].Type != corev1.LimitTypeContainer || l.Annotations != nil || l.Name != "one" || l.Namespace != "team" {
			t.Errorf("left is %+v", l)
		}
		if len(q.Spec.Hard) != 1 || len(q.Status.Hard) != 1 || q.Status.Used != nil || q.Annotations != nil || q.UID != "team/one" {
			t.Errorf("left is %+v", q)
		}
	}
	if _, err := strip("text"); err == nil {
		t.Error("something else is taken for a rule")
	}
}
