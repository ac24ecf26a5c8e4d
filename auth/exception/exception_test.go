package exception_test

import (
	"slices"
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

func TestTheResultsOfMetricsAreIssuedAndTheExceptions(t *testing.T) {
	results := exception.Results()
	if len(results) != 1+len(exception.Kinds()) || !slices.Contains(results, exception.Result(nil)) {
		t.Errorf("got %v", results)
	}
	for _, kind := range exception.Kinds() {
		if result := exception.Result(exception.New(kind, "")); result != string(kind) || !slices.Contains(results, result) {
			t.Errorf("%s has the result %q", kind, result)
		}
	}
}
