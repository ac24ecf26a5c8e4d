package sdks_test

import (
	"cmp"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/document"
)

var slow = flag.Bool("slow", false, "try the clients of make sdks in place of those of make test, and write their table")

var update = flag.Bool("update", false, "write the table of README.md from what this run has seen; read the difference before you commit it")

// row is what has come of one client.
type row struct {
	client  client
	version string
	cells   map[string]string
	errors  map[string]error
}

// record fills a cell.
func (r row) record(title, remark string, err error) {
	r.errors[title] = err
	r.cells[title] = strings.TrimSpace("✓ " + remark)
	if err != nil {
		r.cells[title] = "✗"
	}
}

// titles are those of the columns that a run fills.
func titles() []string {
	var all []string
	for _, s := range scenarios() {
		all = append(all, s.title)
	}
	return append(all, inPodLate, inPodRefused)
}

func table(rows []row) string {
	var text strings.Builder
	line := func(cells ...string) { text.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(append([]string{"client", "version"}, titles()...)...)
	text.WriteString(strings.Repeat("|---", len(titles())+2) + "|\n")
	for _, r := range rows {
		cells := []string{r.client.name, r.version}
		for _, title := range titles() {
			cells = append(cells, cmp.Or(r.cells[title], "–"))
		}
		line(cells...)
	}
	return text.String()
}

const readme = "README.md"

// writeSlow writes the table of make sdks, which says when it was run: make test does not compare it.
func writeSlow(t *testing.T, rows []row) {
	t.Helper()
	var text strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(table(rows), "\n"), "\n") {
		cell := []string{" run on |", "---|"}
		text.WriteString(line + append(cell, " "+time.Now().UTC().Format(time.DateOnly)+" |")[min(i, len(cell))] + "\n")
	}
	if err := (document.Table{File: readme, Command: "make sdks"}).Write(text.String()); err != nil {
		t.Fatal(err)
	}
}

// writeOrCompare refuses a table that does not say what this run has seen.
func writeOrCompare(t *testing.T, seen string) {
	t.Helper()
	table := document.Table{File: readme, Command: "go test ./suites/sdks -update"}
	said, err := table.Read()
	switch {
	case err != nil:
		t.Fatal(err)
	case said == seen:
	case *update:
		if err := table.Write(seen); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the table of %s is stale: run go test ./suites/sdks -update and read the difference; this run has seen\n%s", readme, seen)
	}
}
