package inject_test

import (
	"fmt"
	"runtime"
	"strings"
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

// podOfSize has so many containers and volumes, and names in all lists that a pod's author writes.
func podOfSize(n int) *corev1.Pod {
	var pod corev1.Pod
	var skipped []string
	for i := range n {
		name := fmt.Sprint("c", i)
		skipped = append(skipped, "x"+name, name)
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "i" + name, Ports: []corev1.ContainerPort{{ContainerPort: int32(2000 + i)}}})
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, corev1.Container{Name: name})
		pod.Spec.EphemeralContainers = append(pod.Spec.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "e" + name}})
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: name})
	}
	pod.Annotations = map[string]string{"podidentity.dev/skip-containers": strings.Join(skipped, ","), "podidentity.dev/inject-containers": strings.Join(skipped, ",")}
	return &pod
}

func TestTheWorkForAPodGrowsWithItsSizeAndNoFaster(t *testing.T) {
	injector := inject.NewInjector(defaultSettings())
	for name, work := range map[string]func(inject.Input){
		"its decision": func(in inject.Input) { inject.Decide(in, defaultSettings()) },
		"its patch":    func(in inject.Input) { injector.Patch(in, injector.Decide(in)) },
		"its ephemeral containers": func(in inject.Input) {
			old := in.Pod.DeepCopy()
			in.Pod.Spec.InitContainers = append(in.Pod.Spec.InitContainers, corev1.Container{Name: "pod-identity", RestartPolicy: new(corev1.ContainerRestartPolicyAlways)})
			injector.PatchEphemeralContainers(in, old)
		},
	} {
		t.Run(name, func(t *testing.T) {
			allocated := func(n int) uint64 {
				input := inputOfSeed(4)
				input.Pod = podOfSize(n)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				work(input)
				runtime.ReadMemStats(&after)
				return after.TotalAlloc - before.TotalAlloc
			}
			allocated(1)
			if small, large := allocated(400), allocated(3200); large > 12*small {
				t.Errorf("eight times the containers allocate %d bytes in place of %d", large, small)
			}
		})
	}
}

// BenchmarkDecide has pods whose authors skip every container.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{100, 1000} {
		b.Run(fmt.Sprint(n, " containers"), func(b *testing.B) {
			input := inputOfSeed(4)
			input.Pod = podOfSize(n)
			for b.Loop() {
				inject.Decide(input, defaultSettings())
			}
		})
	}
}

func TestAnAnnotationBeyondItsLengthIsIgnoredWithOneNote(t *testing.T) {
	for _, annotation := range []string{"port", "metrics-port", "wait", "readiness", "authorization", "skip-containers", "inject-containers", "inject"} {
		t.Run(annotation, func(t *testing.T) {
			input := inputOfSeed(4)
			input.Pod = &corev1.Pod{}
			input.Pod.Spec.Containers = []corev1.Container{{Name: "app"}}
			input.Pod.Annotations = map[string]string{"podidentity.dev/" + annotation: strings.Repeat("app,", 16<<10) + "app"}
			want := "pod identity: annotation podidentity.dev/" + annotation + " has 65539 bytes, more than 65536, and is ignored"
			if warnings := inject.Decide(input, defaultSettings()).Warnings; len(warnings) != 1 || warnings[0] != want {
				t.Errorf("got %.400q", warnings)
			}
		})
	}
}

// All annotations of a pod together may have 256 KiB, and people have to read the warnings.
func TestNoAnnotationMakesTheStatusTooLong(t *testing.T) {
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = "é,"[i%3]
	}
	for _, annotation := range []string{"port", "metrics-port", "wait", "readiness", "authorization", "skip-containers", "inject-containers", "inject"} {
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
	decision := inject.Decide(input, defaultSettings())
	if len(decision.Status) > 1100 {
		t.Errorf("a status of %d characters", len(decision.Status))
	}
	if last := decision.Warnings[len(decision.Warnings)-1]; len(decision.Warnings) != 11 || last != "pod identity: more containers do not get these credentials either" {
		t.Errorf("%d warnings, the last is %q", len(decision.Warnings), last)
	}
}
