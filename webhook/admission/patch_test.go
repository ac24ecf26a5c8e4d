package admission

import (
	"encoding/json"
	"testing"

	"gomodules.xyz/jsonpatch/v2"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func TestAPatchHasEveryOperationWhateverItsValueIs(t *testing.T) {
	response := admission.Patched("", jsonpatch.NewOperation("add", `/a"b`, json.RawMessage(`{"c":1}`)), jsonpatch.NewOperation("replace", "/d", "<e>"))
	if err := encodePatch(&response); err != nil {
		t.Fatal(err)
	}
	var got []jsonpatch.Operation
	if err := json.Unmarshal(response.Patch, &got); err != nil || len(got) != 2 || got[0].Path != `/a"b` || got[1].Operation != "replace" || got[1].Value != "<e>" {
		t.Errorf("%v: got %s", err, response.Patch)
	}
}

func TestAPatchThatCannotBeEncodedIsAnErrorWithTheUIDOfItsReview(t *testing.T) {
	answer := answerTo(review{Request: &request{UID: "u1"}}, admission.Patched("", jsonpatch.NewOperation("add", "/a", make(chan int))))
	if answer.Response.UID != "u1" || answer.Response.Allowed {
		t.Errorf("got %+v", answer.Response)
	}
}
