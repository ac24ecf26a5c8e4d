package bench

import (
	"fmt"
	"os"
	"strings"
)

// Document is where the table stands, in the checkout.
const Document = "docs/benchmarks.md"

const (
	begin = "<!-- written by: make bench -->\n"
	end   = "<!-- end of what is written -->\n"
)

// Write puts text between the two marks of the file and keeps what is around them.
func Write(file, text string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the document of the benchmarks: %w", err)
	}
	before, rest, opened := strings.Cut(string(content), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no place for the table: it stands between the lines %q and %q", file, begin, end)
	}
	//nolint:gosec // a document is for everybody to read
	if err := os.WriteFile(file, []byte(before+begin+text+end+after), 0o644); err != nil {
		return fmt.Errorf("write the document of the benchmarks: %w", err)
	}
	return nil
}
