package inject

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

func TestTheStatusAndAWarningSayWhyARoleIsRefused(t *testing.T) {
	pod := &corev1.Pod{Spec: corev1.PodSpec{ServiceAccountName: "sa", Containers: []corev1.Container{{Name: "app"}}}}
	for mode, want := range map[string]string{
		contract.InjectEnabled:    "injected: no credentials, because no pattern allows it",
		contract.InjectAssociated: "skipped: no PodIdentityAssociation named the service account; create one, then recreate the pod; no pattern allows it",
	} {
		decision := Decide(Input{Pod: pod, Namespace: "ns", Mode: mode, Refused: "no pattern allows it"}, DefaultSettings())
		if decision.Status != want || !slices.Equal(decision.Warnings, []string{"pod identity: no pattern allows it"}) {
			t.Errorf("%s: %q, warnings %q", mode, decision.Status, decision.Warnings)
		}
	}
}
