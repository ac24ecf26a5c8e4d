package inject_test

import (
	"encoding/json"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	operation "gomodules.xyz/jsonpatch/v2"
	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"

	"github.com/podidentity/podidentity/webhook/inject"
)

// pass sends a pod through one admission pass, an update of ephemeral containers if there is an old pod, and returns the pod
// that the API server would store.
func pass(t testing.TB, input inject.Input, old *corev1.Pod, raw []byte, settings inject.Settings) (admitted []byte, warnings []string, operations int) {
	t.Helper()
	input.Pod = podOf(t, raw)
	var list []operation.Operation
	injector := inject.NewInjector(settings)
	if old != nil {
		list, warnings = injector.PatchEphemeralContainers(input, old)
	} else {
		decision := injector.Decide(input)
		list, warnings = injector.Patch(input, decision), decision.Warnings
	}
	return apply(t, raw, list), warnings, len(list)
}

// podOf reads a pod as the API server does: field names are case-sensitive.
func podOf(t testing.TB, raw []byte) *corev1.Pod {
	t.Helper()
	var pod corev1.Pod
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &pod); err != nil {
		t.Fatal(err)
	}
	return &pod
}

func apply(t testing.TB, raw []byte, list []operation.Operation) []byte {
	t.Helper()
	if len(list) == 0 {
		return raw
	}
	for _, operation := range list {
		if operation.Operation != "add" && operation.Operation != "replace" {
			t.Errorf("operation %s: only add and replace leave alone what is not ours", operation.Json())
		}
		if _, ok := operation.Value.(json.RawMessage); !ok {
			t.Errorf("operation %s has a value that is not encoded", operation.Json())
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatal(err)
	}
	admitted, err := patch.Apply(raw)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, text, raw)
	}
	return admitted
}
