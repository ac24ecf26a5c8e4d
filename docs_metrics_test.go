package podidentity_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

var update = flag.Bool("update", false, "write the table of metrics into the reference")

func TestTheTableOfMetricsIsThatOfTheCode(t *testing.T) {
	rows := []string{"| metric | type | labels | where | meaning |\n", "|---|---|---|---|---|\n"}
	for _, m := range metricsOf(t) {
		if m.name == "podidentity_build_info" {
			m.where = []string{"all"}
		}
		labels := ""
		if len(m.labels) > 0 {
			labels = "`" + strings.Join(m.labels, "`, `") + "`"
		}
		rows = append(rows, strings.ReplaceAll(fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", m.name, m.kind, labels, strings.Join(m.where, ", "), m.help), "|  |", "| |"))
	}
	table := strings.Join(rows, "")
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), table) {
		return
	}
	if !*update {
		t.Fatalf("%s lacks this table; run go test . -run TestTheTableOfMetrics -update:\n%s", referencePage, table)
	}
	before := regexp.MustCompile(`\| metric \|[^\n]*\n(\|[^\n]*\n)*`)
	if err := os.WriteFile(referencePage, []byte(before.ReplaceAllLiteralString(string(page), table)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The linter is that of `promtool check metrics`.
func TestTheMetricsFollowTheConventionsOfPrometheus(t *testing.T) {
	var exposition strings.Builder
	for _, m := range metricsOf(t) {
		fmt.Fprintf(&exposition, "# HELP %[1]s %[2]s\n# TYPE %[1]s %[3]s\n", m.name, m.help, m.kind)
		if m.kind == "histogram" {
			fmt.Fprintf(&exposition, "%[1]s_bucket{le=\"+Inf\"} 0\n%[1]s_sum 0\n%[1]s_count 0\n", m.name)
		} else {
			fmt.Fprintf(&exposition, "%s 0\n", m.name)
		}
	}
	problems, err := promlint.New(strings.NewReader(exposition.String())).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}
