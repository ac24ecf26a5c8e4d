package check

import (
	"os"
	"strings"
	"testing"
)

// notOfSidecar is the row about what applications get and no sidecar says.
const notOfSidecar = "| 403 `Forbidden`"

func TestWhatASidecarSaysHasARowInTheDocumentAndARemedyHere(t *testing.T) {
	document, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sayings() {
		if !strings.Contains(string(document), s.contains) {
			t.Errorf("docs/troubleshooting.md does not have %q", s.contains)
		}
	}
	_, section, _ := strings.Cut(string(document), "## What the sidecar says")
	section, _, _ = strings.Cut(section, "\n## ")
	_, rows, _ := strings.Cut(section, "|---|---|---|\n")
	if rows == "" {
		t.Fatal("the section has no table")
	}
	for row := range strings.Lines(rows) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
		if _, known := remedyFor(cell, ""); !known && strings.TrimSpace(row) != "" && !strings.HasPrefix(row, notOfSidecar) {
			t.Errorf("nothing here mends %s", cell)
		}
	}
}
