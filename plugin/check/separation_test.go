package check

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

func TestContainersThatCanReachEachOthersCredentialsAreNotedWhereTheStatusOfThePodDoesNotSayIt(t *testing.T) {
	const processes = "the containers see each other's processes"
	for sentence, test := range map[string]struct {
		separate bool
		change   func(pod *corev1.Pod)
		want     string
	}{
		"they have one identity":                         {false, func(*corev1.Pod) {}, ""},
		"one has a role for itself":                      {true, func(*corev1.Pod) {}, processes},
		"the status says it already":                     {true, func(pod *corev1.Pod) { pod.Annotations[contract.AnnotationStatus] += "; " + noteOf(t, pod) }, ""},
		"the pod does not let them":                      {true, func(pod *corev1.Pod) { pod.Spec.ShareProcessNamespace = nil }, ""},
		"that with the role has no token of its own":     {true, func(pod *corev1.Pod) { told(pod, "agent") }, ""},
		"the sidecar is too old for roles of containers": {true, func(pod *corev1.Pod) { pod.Spec.InitContainers[0].Env = nil }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := healthy(t)
			if test.separate {
				separate(t, &f, "containers")
			}
			f.pod.Spec.ShareProcessNamespace = new(true)
			dropAll := &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}}
			for i := range f.pod.Spec.Containers {
				f.pod.Spec.Containers[i].SecurityContext = dropAll
			}
			told(f.pod, f.pod.Spec.Containers[0].Name)
			test.change(f.pod)
			var got []string
			for _, finding := range podFindings(f) {
				if finding.Check == "containers" {
					got = append(got, finding.Message)
				}
			}
			if len(got) > 1 || !strings.HasPrefix(strings.Join(got, ""), test.want) || test.want == "" && len(got) > 0 {
				t.Errorf("got %q", got)
			}
		})
	}
}

// told has the sidecar know these containers.
func told(pod *corev1.Pod, containers string) {
	sidecar := &pod.Spec.InitContainers[0]
	sidecar.Env = append([]corev1.EnvVar{{Name: contract.EnvContainers, Value: containers}}, sidecar.Env...)
}

// noteOf is what the webhook notes of a pod whose containers differ.
func noteOf(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	f := healthy(t)
	separate(t, &f, "containers")
	f.pod = pod.DeepCopy()
	findings := f.separationFindings()
	if len(findings) != 1 {
		t.Fatalf("got %+v", findings)
	}
	return findings[0].Message
}
