package admission

import (
	"bytes"
	"encoding/json"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// operation is a jsonpatch.Operation without its MarshalJSON, which encodes every value once more. All of ours have a value,
// since nothing is ever removed.
type operation struct {
	Operation string `json:"op"`
	Path      string `json:"path"`
	Value     any    `json:"value"`
}

// encodePatch writes the operations into the response as JSON.
func encodePatch(response *admission.Response) error {
	if len(response.Patches) == 0 {
		return nil
	}
	operations := make([]operation, len(response.Patches))
	for i, patch := range response.Patches {
		operations[i] = operation(patch)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Or else a "<" of one byte would take six.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(operations); err != nil {
		return fmt.Errorf("encode the patch: %w", err)
	}
	response.Patch, response.PatchType = bytes.TrimSuffix(text.Bytes(), []byte("\n")), new(admissionv1.PatchTypeJSONPatch)
	return nil
}
