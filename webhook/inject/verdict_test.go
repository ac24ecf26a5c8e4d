package inject

import (
	"strings"
	"testing"
)

func TestKubectlDescribeShowsEveryReasonWhole(t *testing.T) {
	// kubectl cuts annotations after this many characters.
	const shown = 140
	for _, reason := range Reasons() {
		t.Run(string(reason), func(t *testing.T) {
			sentence := reason.sentence()
			if reason != Injected && sentence == string(reason) {
				t.Error("the reason has no sentence")
			}
			if status := "skipped: " + sentence; len(status) > shown || strings.Contains(status, "\n") {
				t.Errorf("%d characters: %s", len(status), status)
			}
		})
	}
}
