package inject_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/webhook/inject"
)

// A pod may declare every port there is.
func TestAPodThatDeclaresEveryPortIsAnswered(t *testing.T) {
	var pod corev1.Pod
	pod.Spec.Containers = []corev1.Container{{Name: "app"}}
	for port := range int32(65536) {
		pod.Spec.Containers[0].Ports = append(pod.Spec.Containers[0].Ports, corev1.ContainerPort{ContainerPort: port})
	}
	subject := subjectOfSeed(4)
	subject.Pod = &pod
	if verdict := inject.Judge(subject, usualSettings()); verdict.Reason != inject.Injected {
		t.Errorf("got %+v", verdict)
	}
}

// The annotations of a pod may have 256 KiB altogether, a warning is read by people.
func TestNoAnnotationMakesAStatusThatIsTooLong(t *testing.T) {
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = "é,"[i%3]
	}
	for _, annotation := range []string{"port", "metrics-port", "wait", "readiness", "authorization", "skip-containers", "inject"} {
		t.Run(annotation, func(t *testing.T) {
			subject := subjectOfSeed(4)
			subject.Pod = &corev1.Pod{}
			subject.Pod.Annotations = map[string]string{"podidentity.dev/" + annotation: string(long)}
			verdict := inject.Judge(subject, usualSettings())
			if len(verdict.Status) > 1100 || len(verdict.Warnings) != 1 || len(verdict.Warnings[0]) > 300 {
				t.Errorf("a status of %d characters, warnings %.400q", len(verdict.Status), verdict.Warnings)
			}
		})
	}
}

func TestAStatusOfManyNotesIsCutShort(t *testing.T) {
	subject := subjectOfSeed(4)
	subject.Pod = &corev1.Pod{}
	for range 5000 {
		subject.Pod.Spec.Containers = append(subject.Pod.Spec.Containers,
			corev1.Container{Name: "own", Env: []corev1.EnvVar{{Name: "AWS_PROFILE"}}})
	}
	subject.Pod.Spec.Containers = append(subject.Pod.Spec.Containers, corev1.Container{Name: "app"})
	if verdict := inject.Judge(subject, usualSettings()); len(verdict.Status) > 1100 {
		t.Errorf("a status of %d characters", len(verdict.Status))
	}
}
