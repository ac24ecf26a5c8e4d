package check

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files; review the diff before you commit it")

// golden is a file of testdata: a case is a sentence and the lines of its findings.
type golden struct {
	text strings.Builder
}

func (g *golden) add(t *testing.T, sentence string, findings []Finding) {
	t.Helper()
	fmt.Fprintf(&g.text, "== %s\n", sentence)
	if err := Print(&g.text, []Report{{Subject: "subject", Findings: findings}}); err != nil {
		t.Fatal(err)
	}
}

func (g *golden) compare(t *testing.T, path string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(g.text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != g.text.String() {
		t.Errorf("%s: %v, got\n%s", path, err, g.text.String())
	}
}
