package podidentity_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestTheSidecarsMetricsAndNoOthersAreKept(t *testing.T) {
	text, err := os.ReadFile("manifests/monitoring/podmonitor.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var monitor struct {
		Spec struct {
			SampleLimit         int
			PodMetricsEndpoints []struct {
				MetricRelabelings []struct {
					Action, Regex string
					SourceLabels  []string
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &monitor); err != nil || len(monitor.Spec.PodMetricsEndpoints) != 1 {
		t.Fatal(err, monitor)
	}
	var names []string
	for _, m := range scraped(t) {
		names = append(names, m.name)
	}
	relabelings := monitor.Spec.PodMetricsEndpoints[0].MetricRelabelings
	if len(relabelings) != 1 || relabelings[0].Action != "keep" || !slices.Equal(relabelings[0].SourceLabels, []string{"__name__"}) ||
		relabelings[0].Regex != strings.Join(names, "|") || monitor.Spec.SampleLimit == 0 {
		t.Errorf("of what pods serve, %+v is kept, not %q", monitor.Spec, names)
	}
}
