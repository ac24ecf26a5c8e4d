package walkthrough_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/walkthrough"
)

func TestOnAnExistingClusterAllThatIsMissingIsSaidAtOnce(t *testing.T) {
	_, err := walkthrough.Existing(t.Context(), func(string) string { return "" })
	for _, name := range []string{"ROLE_ARN", "BUCKET", "CLI_IMAGE"} {
		if err == nil || !strings.Contains(err.Error(), name+" is not set") {
			t.Errorf("%v does not ask for %s", err, name)
		}
	}
}
