package exception_test

import (
	"testing"

	"github.com/podidentity/podidentity/auth/exception"
)

// The statuses are those of the model.
func TestEachExceptionHasTheStatusOfTheModel(t *testing.T) {
	want := map[exception.Kind]int{
		"AccessDeniedException": 400, "ExpiredTokenException": 400, "InvalidTokenException": 400,
		"ResourceNotFoundException": 404, "InvalidParameterException": 400, "InvalidRequestException": 400,
		"ThrottlingException": 429, "InternalServerException": 500, "ServiceUnavailableException": 503,
	}
	for _, kind := range exception.Kinds() {
		if kind.Status() != want[kind] {
			t.Errorf("%s has status %d", kind, kind.Status())
		}
		delete(want, kind)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}
