package admission

import (
	"encoding/json"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// usualPatchBytes is room for the patch of a pod with a container or two.
const usualPatchBytes = 6 << 10

// encodePatch writes the operations into the response.
func encodePatch(response *admission.Response) error {
	if len(response.Patches) == 0 {
		return nil
	}
	text := append(make([]byte, 0, usualPatchBytes), '[')
	for i, operation := range response.Patches {
		value, err := valueOf(operation)
		if err != nil {
			return fmt.Errorf("encode the patch of %s: %w", operation.Path, err)
		}
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, `{"op":"`...), operation.Operation...), `","path":`...)
		text, _ = jsontext.AppendQuote(text, operation.Path) // an error is invalid UTF-8, which it replaces
		text = append(append(append(text, `,"value":`...), value...), '}')
	}
	response.Patch, response.PatchType = append(text, ']'), new(admissionv1.PatchTypeJSONPatch)
	return nil
}

// valueOf is the value as JSON, which those of inject are already: encoding/json would read them again.
func valueOf(operation jsonpatch.Operation) (json.RawMessage, error) {
	if value, ok := operation.Value.(json.RawMessage); ok {
		return value, nil
	}
	return json.Marshal(operation.Value)
}
