package compat

import (
	"cmp"
	"strings"
)

const (
	nodeColumn = "node"
	// notYet is the cell of a suite that has not passed on a kind of cluster.
	notYet = "not yet"
)

// with is the table with these cells of a row replaced, by their heads. Rows are in the order of the kinds; those of kinds that there
// are no more go.
func (t table) with(old, name string, cells map[string]string) string {
	rows := parse(old)
	if rows[name] == nil {
		rows[name] = map[string]string{}
	}
	for head, cell := range cells {
		rows[name][head] = cell
	}
	heads := append(append([]string{t.first}, t.suites...), nodeColumn)
	var text strings.Builder
	text.WriteString(row(heads) + strings.Repeat("|---", len(heads)) + "|\n")
	for _, k := range t.kinds {
		if rows[k.name] == nil {
			continue
		}
		line := []string{k.name}
		for _, head := range heads[1:] {
			line = append(line, cmp.Or(rows[k.name][head], notYet))
		}
		text.WriteString(row(line))
	}
	return text.String()
}

// parse returns the cells of a table by row and head.
func parse(text string) map[string]map[string]string {
	rows := map[string]map[string]string{}
	var heads []string
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "| "), " | ")
		switch {
		case strings.HasPrefix(line, "|---"):
		case heads == nil:
			heads = cells
		default:
			rows[cells[0]] = map[string]string{}
			for i, cell := range cells[1:] {
				rows[cells[0]][heads[i+1]] = cell
			}
		}
	}
	return rows
}

func row(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
