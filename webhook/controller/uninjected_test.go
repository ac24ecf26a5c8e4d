package controller

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

func TestWhichPodsShouldHaveBeenInjected(t *testing.T) {
	app := corev1.PodSpec{ServiceAccountName: "reader", Containers: []corev1.Container{{Name: "app"}}}
	for name, test := range map[string]struct {
		label  string
		change func(*corev1.Pod)
		should bool
	}{
		"a plain pod of a labelled namespace should": {"enabled", func(*corev1.Pod) {}, true},
		"one with an association should, also where only such are injected": {
			"associated", func(*corev1.Pod) {}, true,
		},
		"one without association should not, where only such are injected": {
			"associated", func(p *corev1.Pod) { p.Spec.ServiceAccountName = "default" }, false,
		},
		"one that opted out should not": {
			"enabled", func(p *corev1.Pod) { p.Annotations = map[string]string{contract.AnnotationInject: "false"} }, false,
		},
		"one on the network of its node should not":     {"enabled", func(p *corev1.Pod) { p.Spec.HostNetwork = true }, false},
		"one under a label that is misspelt should not": {"Enabled", func(*corev1.Pod) {}, false},
		"one that leaves no room for the sidecar in a LimitRange should not": {"enabled", func(p *corev1.Pod) {
			p.Spec.Containers = []corev1.Container{{Name: "app", Resources: corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}}}
		}, false},
		"one that is being deleted should not": {"enabled", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "team"}, Spec: app}
			test.change(pod)
			full := func(string) inject.Rules {
				return inject.Rules{LimitRanges: []corev1.LimitRangeItem{{Type: corev1.LimitTypePod, Max: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}}}
			}
			s := &scanner{identities: index(t, "reader"), rules: full, injection: inject.DefaultSettings()}
			if s.shouldBeInjected(pod, test.label) != test.should {
				t.Errorf("should be injected: %v", !test.should)
			}
		})
	}
}
