package inject

import (
	"strings"
	"testing"
)

func TestKubectlDescribeShowsEveryMessageInFull(t *testing.T) {
	// kubectl cuts annotations after this many characters.
	const shown = 140
	for _, reason := range Reasons() {
		t.Run(string(reason), func(t *testing.T) {
			message := reason.message()
			if reason != Injected && message == string(reason) {
				t.Error("the reason has no message")
			}
			if status := "skipped: " + message; len(status) > shown || strings.Contains(status, "\n") {
				t.Errorf("%d characters: %s", len(status), status)
			}
		})
	}
}
