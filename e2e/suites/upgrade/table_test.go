package upgrade_test

import (
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/document"
)

var update = flag.Bool("update", false, "write the table of docs/upgrades.md from what this run has seen; read the difference before you commit it")

// take takes a step, and complains about what nobody should have noticed.
func (s *suite) take(t *testing.T, step step) {
	t.Helper()
	s.read(t)
	s.load.take()
	followed := "–"
	if took := step.do(t, s); took > 0 {
		followed = fmt.Sprintf("%.1f s", took.Seconds())
	}
	pods, gets := s.load.take(), s.read(t)
	s.rows = append(s.rows, fmt.Sprintf("| %s | %d | %d | %d | %d ms | %d | %d | %s |", step.name,
		pods.admitted, pods.refused, pods.uninjected, pods.slowest.Milliseconds(), len(gets.Took), gets.Failed, followed))
	if pods.refused > 0 || pods.uninjected > 0 {
		t.Errorf("%d pods were refused, and %d are without sidecar: %s", pods.refused, pods.uninjected, strings.Join(pods.complaints, "\n"))
	}
	if gets.Failed > 0 {
		t.Errorf("%d GETs failed: %s", gets.Failed, strings.Join(gets.Complaints, "\n"))
	}
	if pods.admitted == 0 || len(gets.Took) == 0 {
		t.Error("no pod was admitted, or none has read anything: this shows nothing")
	}
}

// report prints the table, and writes it where it is told to.
func (s *suite) report(t *testing.T) {
	t.Helper()
	table := fmt.Sprintf("On %s, from %s:\n\n", time.Now().UTC().Format(time.DateOnly), commit[:7]) +
		"| what is done | pods admitted | refused | without sidecar | slowest | GETs answered | failed | followed by all sidecars within |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|\n" + strings.Join(s.rows, "\n") + "\n"
	t.Logf("\n%s", table)
	if !*update || t.Failed() {
		return
	}
	if err := (document.Table{File: page, Command: "make upgrade-test"}).Write(table); err != nil {
		t.Fatal(err)
	}
}
