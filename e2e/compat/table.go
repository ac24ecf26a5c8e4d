package compat

import (
	"strings"
)

// with is the table with one row replaced, in the order of the kinds. Rows of kinds that there are no more go.
func (t table) with(old string, cells []string) string {
	rows := map[string]string{cells[0]: row(cells)}
	for line := range strings.Lines(old) {
		first, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if _, replaced := rows[first]; !replaced {
			rows[first] = line
		}
	}
	var text strings.Builder
	head := append(append([]string{t.first}, t.suites...), "node", "run on")
	text.WriteString(row(head))
	text.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, k := range t.kinds {
		text.WriteString(rows[k.name])
	}
	return text.String()
}

func row(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
