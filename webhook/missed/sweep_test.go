package missed

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// readers gives an identity to the service account reader alone.
type readers struct{}

func (readers) Identity(account association.ServiceAccount) (contract.Identity, bool) {
	return contract.Identity{RoleARN: "role"}, account.Name == "reader"
}

func TestWhichPodsWereMissed(t *testing.T) {
	app := corev1.PodSpec{ServiceAccountName: "reader", Containers: []corev1.Container{{Name: "app"}}}
	for name, test := range map[string]struct {
		label  string
		change func(*corev1.Pod)
		missed bool
	}{
		"a plain pod of a labelled namespace was": {"enabled", func(*corev1.Pod) {}, true},
		"one with an association was, also where only such are injected": {
			"associated", func(*corev1.Pod) {}, true,
		},
		"one without association was not, where only such are injected": {
			"associated", func(p *corev1.Pod) { p.Spec.ServiceAccountName = "default" }, false,
		},
		"one that opted out was not": {
			"enabled", func(p *corev1.Pod) { p.Annotations = map[string]string{contract.AnnotationInject: "false"} }, false,
		},
		"one on the network of its node was not":     {"enabled", func(p *corev1.Pod) { p.Spec.HostNetwork = true }, false},
		"one under a label that is misspelt was not": {"Enabled", func(*corev1.Pod) {}, false},
		"one that ends was not":                      {"enabled", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: app}
			test.change(pod)
			s := New(Config{Identities: readers{}, Settings: inject.DefaultSettings()})
			if s.missed(pod, test.label) != test.missed {
				t.Errorf("missed: %v", !test.missed)
			}
		})
	}
}
