package inject

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// variants are decisions and users that differ in what the sidecar is made of, or not at all from the first.
func variants() (all []Decision, users []*int64) {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	requests := func(list corev1.ResourceList) corev1.ResourceRequirements {
		return corev1.ResourceRequirements{Requests: list}
	}
	for _, options := range []sidecarOptions{
		{}, {port: 1024}, {metricsPort: 1024}, {wait: time.Second}, {readiness: ReadinessHTTP}, {readiness: ReadinessHTTP, probePort: 1024},
		{readiness: ReadinessExec}, {readiness: ReadinessNone}, {token: "A"}, {token: "B"},
	} {
		for _, resources := range []corev1.ResourceRequirements{
			{}, requests(list("5m", "16Mi")), requests(list("5m", "16Mi")), requests(list("0", "16Mi")), requests(list("5m", "17Mi")),
			{Limits: list("5m", "16Mi")}, requests(corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("0")}),
			requests(corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("0")}),
			requests(corev1.ResourceList{corev1.ResourceCPU: {}}), requests(corev1.ResourceList{corev1.ResourceMemory: {}}),
			requests(corev1.ResourceList{corev1.ResourceEphemeralStorage: resource.MustParse("1Mi")}),
		} {
			all = append(all, Decision{Reason: Injected, options: podOptions{sidecarOptions: options}, resources: resources})
		}
	}
	return all, []*int64{nil, new(int64), new(int64(1000))}
}

// podOfUser makes user choose this one.
func podOfUser(id *int64) *corev1.Pod {
	var pod corev1.Pod
	pod.Spec.Containers = []corev1.Container{{Name: "app", SecurityContext: &corev1.SecurityContext{RunAsUser: id}}}
	return &pod
}

func TestASidecarThatIsKeptIsTheOneThatWouldBeMade(t *testing.T) {
	settings := DefaultSettings()
	i := NewInjector(settings)
	decisions, users := variants()
	for range 2 {
		for _, decision := range decisions {
			for _, id := range users {
				pod := podOfUser(id)
				want := encode(sidecar(decision.options.sidecarOptions, decision.resources, user(pod), settings))
				if got := i.sidecar(pod, decision); string(got) != string(want) {
					t.Errorf("got %s, not %s", got, want)
				}
			}
		}
	}
}

func TestTheSidecarsOfManyPodsAreKeptAndNoMoreThanTheBound(t *testing.T) {
	i := NewInjector(DefaultSettings())
	var pod corev1.Pod
	for port := range 10 * maxSidecars {
		i.sidecar(&pod, Decision{options: podOptions{sidecarOptions: sidecarOptions{port: port}}})
		i.sidecar(&pod, Decision{options: podOptions{sidecarOptions: sidecarOptions{token: fmt.Sprint(port)}}})
		if len(i.sidecars) == 0 || len(i.sidecars) > maxSidecars {
			t.Fatalf("%d are kept", len(i.sidecars))
		}
	}
}
