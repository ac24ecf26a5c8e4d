package inject_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/webhook/inject"
)

func TestAPodThatDeclaresEveryPortIsInjected(t *testing.T) {
	var pod corev1.Pod
	pod.Spec.Containers = []corev1.Container{{Name: "app"}}
	for port := range int32(65536) {
		pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{ContainerPort: port})
	}
	input := inputOfSeed(4)
	input.Pod = &pod
	if decision := inject.Decide(input, defaultSettings()); decision.Reason != inject.Injected {
		t.Errorf("got %+v", decision)
	}
}

// All annotations of a pod together may have 256 KiB, and people have to read the warnings.
func TestNoAnnotationMakesTheStatusTooLong(t *testing.T) {
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = "é,"[i%3]
	}
	for _, annotation := range []string{"port", "metrics-port", "wait", "readiness", "authorization", "skip-containers", "inject"} {
		t.Run(annotation, func(t *testing.T) {
			input := inputOfSeed(4)
			input.Pod = &corev1.Pod{}
			input.Pod.Annotations = map[string]string{"podidentity.dev/" + annotation: string(long)}
			decision := inject.Decide(input, defaultSettings())
			if len(decision.Status) > 1100 || len(decision.Warnings) != 1 || len(decision.Warnings[0]) > 300 {
				t.Errorf("a status of %d characters, warnings %.400q", len(decision.Status), decision.Warnings)
			}
		})
	}
}

func TestAStatusWithManyNotesIsTruncated(t *testing.T) {
	input := inputOfSeed(4)
	input.Pod = &corev1.Pod{}
	for range 5000 {
		input.Pod.Spec.Containers = append(input.Pod.Spec.Containers,
			corev1.Container{Name: "own", Env: []corev1.EnvVar{{Name: "AWS_PROFILE"}}})
	}
	input.Pod.Spec.Containers = append(input.Pod.Spec.Containers, corev1.Container{Name: "app"})
	if decision := inject.Decide(input, defaultSettings()); len(decision.Status) > 1100 {
		t.Errorf("a status of %d characters", len(decision.Status))
	}
}
