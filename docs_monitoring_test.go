package podidentity_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

const (
	runbooks   = "docs/runbooks"
	runbookURL = "https://github.com/podidentity/podidentity/blob/main/" + runbooks + "/"
)

// alert is one of the PrometheusRule.
type alert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func alerts(t *testing.T) []alert {
	t.Helper()
	text, err := os.ReadFile("manifests/monitoring/prometheusrule.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rule struct {
		Spec struct {
			Groups []struct{ Rules []alert }
		}
	}
	if err := yaml.Unmarshal(text, &rule); err != nil || len(rule.Spec.Groups) != 1 {
		t.Fatal(err, rule)
	}
	return rule.Spec.Groups[0].Rules
}

// queries are the expressions of the dashboard.
func queries(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile("manifests/monitoring/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}

// foreign are the metrics of others that rules and dashboard use, and their labels. The suite e2e/suites/monitoring shows that they exist.
func foreign() map[string][]string {
	return map[string][]string{
		"apiserver_admission_webhook_rejection_count":                   {"name", "error_type"},
		"apiserver_admission_webhook_admission_duration_seconds_bucket": {"name", "le"},
		"controller_runtime_webhook_latency_seconds_bucket":             {"le"},
		"leader_election_master_status":                                 {"name"},
		"process_resident_memory_bytes":                                 {},
		"rest_client_requests_total":                                    {"method", "code"},
		"workqueue_depth":                                               {"name"},
	}
}

// knownMetrics are all metrics, and their labels beside those that a scrape adds.
func knownMetrics(t *testing.T) map[string][]string {
	t.Helper()
	all := foreign()
	for _, m := range metricsOf(t) {
		if m.kind != "histogram" {
			all[m.name] = m.labels
			continue
		}
		all[m.name+"_count"], all[m.name+"_bucket"] = m.labels, append(slices.Clone(m.labels), "le")
	}
	return all
}

var (
	// used is a metric with its matchers: a name with an underscore that is no function.
	used     = regexp.MustCompile(`\b([a-z]+(?:_[a-z]+)+)\b(\s*\()?(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"[^"]*"`)
	grouping = regexp.MustCompile(`\b(?:by|on) \(([^)]*)\)`)
)

// unknownIn are the metrics and labels of an expression that do not exist.
func unknownIn(expression string, known map[string][]string) (complaints []string) {
	labels := []string{"app_kubernetes_io_name", "pod"}
	plain := grouping.ReplaceAllString(expression, "")
	for _, metric := range used.FindAllStringSubmatch(plain, -1) {
		name, call, matchers := metric[1], metric[2], metric[3]
		of, exists := known[name]
		if call != "" || strings.Contains(plain, `"`+name+`"`) {
			continue
		}
		if !exists {
			complaints = append(complaints, "there is no metric "+name)
		}
		for _, label := range matcher.FindAllStringSubmatch(matchers, -1) {
			if !slices.Contains(append(of, "app_kubernetes_io_name"), label[1]) {
				complaints = append(complaints, fmt.Sprintf("%s has no label %s", name, label[1]))
			}
		}
		labels = append(labels, of...)
	}
	for _, group := range grouping.FindAllStringSubmatch(expression, -1) {
		for label := range strings.FieldsFuncSeq(group[1], func(r rune) bool { return r == ',' || r == ' ' }) {
			if !slices.Contains(labels, label) {
				complaints = append(complaints, "no metric has the label "+label)
			}
		}
	}
	return complaints
}

func TestEveryMetricAndLabelOfRulesAndDashboardExists(t *testing.T) {
	all := queries(t)
	for _, a := range alerts(t) {
		all = append(all, a.Expr)
	}
	if len(all) < 30 {
		t.Fatalf("there are %d expressions", len(all))
	}
	known := knownMetrics(t)
	for _, expression := range all {
		for _, complaint := range unknownIn(expression, known) {
			t.Errorf("%s: %s", expression, complaint)
		}
	}
}

func TestWhatDoesNotExistInAnExpressionIsComplainedAbout(t *testing.T) {
	known := map[string][]string{"podidentity_pods": {"state"}}
	for expression, says := range map[string]string{
		`sum by (state) (podidentity_pods{state="x"})`:       "",
		`sum by (pod) (max_over_time(podidentity_pods[2m]))`: "",
		`podidentity_pod`:                           "no metric podidentity_pod",
		`podidentity_pods{reason="x"}`:              "podidentity_pods has no label reason",
		`sum by (state, reason) (podidentity_pods)`: "no metric has the label reason",
	} {
		if got := strings.Join(unknownIn(expression, known), "; "); (got == "") != (says == "") || !strings.Contains(got, says) {
			t.Errorf("%s: got %q", expression, got)
		}
	}
}

func TestEveryAlertHasASeverityASummaryAndARunbook(t *testing.T) {
	pages := documents(t)
	left, err := filepath.Glob(runbooks + "/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts(t) {
		file := filepath.Join(runbooks, a.Alert+".md")
		left = slices.DeleteFunc(left, func(path string) bool { return path == file })
		if severity := a.Labels["severity"]; severity != "critical" && severity != "warning" {
			t.Errorf("%s has the severity %q", a.Alert, severity)
		}
		if _, remedy, _ := strings.Cut(a.Annotations["summary"], ": "); remedy == "" {
			t.Errorf("the summary of %s does not say what to do: %s", a.Alert, a.Annotations["summary"])
		}
		if a.Annotations["runbook_url"] != runbookURL+a.Alert+".md" {
			t.Errorf("the runbook of %s is %s", a.Alert, a.Annotations["runbook_url"])
		}
		var titles []string
		for _, match := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(withoutFences(pages[file]), -1) {
			titles = append(titles, match[1])
		}
		if want := []string{a.Alert, "Symptom", "Confirm", "Causes", "Mend"}; !slices.Equal(titles, want) {
			t.Errorf("%s has the headings %q, not %q", file, titles, want)
		}
		if confirm := section(pages[file], "Confirm"); !strings.Contains(confirm, "kubectl ") {
			t.Errorf("%s does not say how to confirm it with kubectl", file)
		}
	}
	if len(left) > 0 {
		t.Errorf("no alert has the runbooks %q", left)
	}
}
