// Package document has the tables in the documents of the project that a command writes, each between two marks.
package document

import (
	"fmt"
	"os"
	"strings"
)

const end = "<!-- end of what is written -->\n"

// Table is one of them.
type Table struct {
	// File is the document.
	File string
	// Command writes the table, such as "make bench". The mark names it.
	Command string
}

func (t Table) begin() string { return "<!-- written by: " + t.Command + " -->\n" }

// Read returns what is between the marks.
func (t Table) Read() (string, error) {
	_, text, _, err := t.parts()
	return text, err
}

// Write puts text between the marks, and keeps what is around them.
func (t Table) Write(text string) error {
	before, _, after, err := t.parts()
	if err != nil {
		return err
	}
	//nolint:gosec // a document is for everybody to read
	if err := os.WriteFile(t.File, []byte(before+t.begin()+text+end+after), 0o644); err != nil {
		return fmt.Errorf("write the document with the table: %w", err)
	}
	return nil
}

func (t Table) parts() (before, text, after string, err error) {
	content, err := os.ReadFile(t.File)
	if err != nil {
		return "", "", "", fmt.Errorf("read the document with the table: %w", err)
	}
	before, rest, opened := strings.Cut(string(content), t.begin())
	text, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return "", "", "", fmt.Errorf("%s has no place for the table: it stands between the lines %q and %q", t.File, t.begin(), end)
	}
	return before, text, after, nil
}
