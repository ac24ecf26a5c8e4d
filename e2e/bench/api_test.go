package bench

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestSettingsOfAKubeconfigAreFound(t *testing.T) {
	config := []byte("clusters:\n- name: a\n  cluster:\n    server: https://10.0.0.1:6443\nusers:\n- name: a\n  user:\n    client-key-data: QUJD\n")
	for name, want := range map[string]string{"server": "https://10.0.0.1:6443", "client-key-data": "QUJD", "token": ""} {
		if got := setting(config, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestMetricsAreFound(t *testing.T) {
	text := []byte("# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 12.5\nother{a=\"b\"} 1\nprocess_resident_memory_bytes 9.21e+07\n")
	for name, want := range map[string]float64{cpuSeconds: 12.5, "process_resident_memory_bytes": 92_100_000} {
		if got, err := findMetric(text, name); err != nil || got != want {
			t.Errorf("%s is %v, %v, want %v", name, got, err, want)
		}
	}
	if _, err := findMetric(text, "other"); err == nil || !strings.Contains(err.Error(), "there is no metric other") {
		t.Errorf("error %v", err)
	}
}

func TestAUsualPodHasFiveKilobytes(t *testing.T) {
	text, err := json.Marshal(usualPod("web-0"))
	if err != nil || len(text) < 4500 || len(text) > 5500 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
}
