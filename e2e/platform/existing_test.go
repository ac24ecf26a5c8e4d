package platform_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

func TestOnAnExistingClusterAllThatIsMissingIsSaidAtOnce(t *testing.T) {
	_, err := platform.Existing(t.Context(), func(name string) string {
		return map[string]string{"KUBECONFIG": "/does/not/exist"}[name]
	})
	for _, says := range []string{"KUBECONFIG names a file", "ROLE_ARN is not set", "BUCKET is not set", "CLI_IMAGE is not set"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}
