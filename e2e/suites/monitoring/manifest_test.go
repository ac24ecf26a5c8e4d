package monitoring_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// component is the directory of what is tested here.
const component = "../../../manifests/monitoring"

type object = map[string]any

// alertRule is one of a PrometheusRule.
type alertRule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

type ruleFile struct {
	Groups []struct {
		Name  string      `json:"name"`
		Rules []alertRule `json:"rules"`
	} `json:"groups"`
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(component, file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// rules are the spec of the PrometheusRule, which is a rule file of Prometheus.
func rules(t *testing.T) ruleFile {
	t.Helper()
	var found struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   object   `json:"metadata"`
		Spec       ruleFile `json:"spec"`
	}
	read(t, "prometheusrule.yaml", &found)
	if len(found.Spec.Groups) != 1 {
		t.Fatalf("there are %d groups", len(found.Spec.Groups))
	}
	return found.Spec
}

func write(t *testing.T, file string, content any) {
	t.Helper()
	text, err := yaml.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
