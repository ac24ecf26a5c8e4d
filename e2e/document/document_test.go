package document_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/document"
)

const begin, end = "<!-- written by: make bench -->\n", "<!-- end of what is written -->\n"

func TestTheDocumentKeepsWhatIsNotTheTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "document.md")
	table := document.Table{File: file, Command: "make bench"}
	if err := os.WriteFile(file, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := table.Read(); err != nil || text != "old\n" {
		t.Errorf("%v: %q", err, text)
	}
	if err := table.Write("new\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "before\n"+begin+"new\n"+end+"after\n" {
		t.Errorf("%v: %s", err, got)
	}
	if err := os.WriteFile(file, []byte("no place"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := table.Write("new\n"); err == nil || !strings.Contains(err.Error(), "has no place for the table") {
		t.Errorf("error %v", err)
	}
	if _, err := table.Read(); err == nil {
		t.Error("a table is read that is not there")
	}
}
