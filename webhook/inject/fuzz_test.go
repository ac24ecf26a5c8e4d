package inject_test

import (
	"encoding/json"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	kjson "sigs.k8s.io/json"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Nothing that decodes as a pod makes the code panic, and what an API server would send, which has no null in place of a
// container, keeps the invariants.
func FuzzPod(f *testing.F) {
	for _, fixture := range fixtures(f) {
		f.Add(fixture.pod, uint64(4))
	}
	for seed := range uint64(20) {
		raw, err := json.Marshal(newGenerator(seed).pod())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, seed)
	}
	f.Fuzz(func(t *testing.T, raw []byte, seed uint64) {
		var pod corev1.Pod
		if kjson.UnmarshalCaseSensitivePreserveInts(raw, &pod) != nil {
			return
		}
		input := inputOfSeed(seed)
		input.Pod = &pod
		settings := settingsOfSeed(seed)
		to := inject.NewInjector(settings)
		to.Patch(input, to.Decide(input))
		to.PatchEphemeralContainers(input, &corev1.Pod{})
		sent, err := json.Marshal(pod)
		if err != nil || !valid(&pod) {
			return
		}
		checkInvariants(t, input, sent, settings)
	})
}

// valid reports whether an API server would take the names of a pod: each once, and those of containers by their rule.
func valid(pod *corev1.Pod) bool {
	for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if len(validation.IsDNS1123Label(container.Name)) > 0 {
			return false
		}
	}
	for _, count := range names(pod) {
		if count > 1 {
			return false
		}
	}
	return true
}
