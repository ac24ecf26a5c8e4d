package controller

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// BenchmarkCheck looks at a pod that is not stale, as the leading replica does at each change of each injected pod.
func BenchmarkCheck(b *testing.B) {
	a := newTestAnnotator("")
	a.identities = index(b, "reader")
	pod := injectedPod("p", "reader")
	pod.Spec.InitContainers[0].Env = []corev1.EnvVar{
		{Name: contract.EnvCriticalFields, Value: strings.Join(contract.KnownCritical(), ",")}, {Name: contract.EnvContainers, Value: "app"},
	}
	wanted := a.wanted(pod)
	carries(wanted.identity)(pod)
	if got, _, stale := a.check(pod); stale {
		b.Fatalf("the pod should have %+v", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.check(pod)
	}
}
