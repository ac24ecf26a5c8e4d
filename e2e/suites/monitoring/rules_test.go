package monitoring_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/e2e/machine/host"
)

// TestEachAlertFiresAndIsSilent has `promtool test rules` read the rules as they are.
func TestEachAlertFiresAndIsSilent(t *testing.T) {
	programs, err := host.Prometheus(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := os.ReadFile(filepath.Join("testdata", "alerts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rules.yaml"), rules(t))
	if err := os.WriteFile(filepath.Join(dir, "alerts.yaml"), cases, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{{"check", "rules", "rules.yaml"}, {"test", "rules", "alerts.yaml"}} {
		promtool := exec.CommandContext(t.Context(), filepath.Join(programs, "promtool"), arguments...)
		promtool.Dir = dir
		if out, err := promtool.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", arguments, err, out)
		}
	}
	var all struct {
		Tests []struct {
			Rules []struct {
				Name   string `json:"alertname"`
				Alerts []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	if err := yaml.Unmarshal(cases, &all); err != nil {
		t.Fatal(err)
	}
	fires, silent := map[string]bool{}, map[string]bool{}
	for _, test := range all.Tests {
		for _, rule := range test.Rules {
			fires[rule.Name] = fires[rule.Name] || len(rule.Alerts) > 0
			silent[rule.Name] = silent[rule.Name] || len(rule.Alerts) == 0
		}
	}
	for _, rule := range rules(t).Groups[0].Rules {
		if !fires[rule.Alert] || !silent[rule.Alert] {
			t.Errorf("%s has a firing case: %v, and a silent one: %v", rule.Alert, fires[rule.Alert], silent[rule.Alert])
		}
	}
}
