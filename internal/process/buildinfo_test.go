package process

import (
	"runtime"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestTheMetricOfTheVersionIsOneAndHasTheVersionsInItsLabels(t *testing.T) {
	registry := prometheus.NewRegistry()
	if err := RegisterBuildInfo(registry); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "podidentity_build_info" {
		t.Fatalf("got %v, %v", families, err)
	}
	only := families[0].GetMetric()[0]
	labels := map[string]string{}
	for _, label := range only.GetLabel() {
		labels[label.GetName()] = label.GetValue()
	}
	if only.GetGauge().GetValue() != 1 || labels["version"] != "dev" || labels["goversion"] != runtime.Version() {
		t.Errorf("got %v", only)
	}
}
