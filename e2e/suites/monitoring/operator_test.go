package monitoring_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// monitor is a ServiceMonitor or a PodMonitor, with those of their fields that the component uses. Others are an error here: what follows
// stands for the Prometheus operator, which cannot be had without a registry of images, and knows no more than this.
type monitor struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Spec struct {
		NamespaceSelector struct {
			Any bool `json:"any"`
		} `json:"namespaceSelector"`
		Selector struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"selector"`
		PodTargetLabels     []string   `json:"podTargetLabels"`
		SampleLimit         int        `json:"sampleLimit"`
		Endpoints           []endpoint `json:"endpoints"`
		PodMetricsEndpoints []endpoint `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

type endpoint struct {
	Port              string       `json:"port"`
	HonorLabels       bool         `json:"honorLabels"`
	MetricRelabelings []relabeling `json:"metricRelabelings"`
}

type relabeling struct {
	Action       string   `json:"action"`
	SourceLabels []string `json:"sourceLabels"`
	Regex        string   `json:"regex"`
}

// haste is by how much time runs faster in shortened rules.
const haste = 20

// shortened has time run faster in the rules: of each minute in `for`, in the range of an expression and in the one comparison with a time
// that a pod waits, three seconds are left. The day before a certificate ends stays a day.
func shortened(all ruleFile) ruleFile {
	for i := range all.Groups[0].Rules {
		r := &all.Groups[0].Rules[i]
		minutes := regexp.MustCompile(`\b(\d+)m\b`)
		faster := func(text string) string {
			var n int
			_, _ = fmt.Sscanf(text, "%dm", &n) // the pattern has matched
			return fmt.Sprintf("%ds", n*60/haste)
		}
		r.For = minutes.ReplaceAllStringFunc(r.For, faster)
		r.Expr = regexp.MustCompile(`\[\d+m\]`).ReplaceAllStringFunc(r.Expr, func(text string) string { return minutes.ReplaceAllStringFunc(text, faster) })
		r.Expr = strings.Replace(r.Expr, "> 600", fmt.Sprint("> ", 600/haste), 1)
	}
	return all
}

// scrapeConfig is what the operator makes of a monitor, in the order of its own documentation (design document of the ServiceMonitor).
func scrapeConfig(m monitor, files map[string]string) object {
	role, source, port, endpoints := "pod", "__meta_kubernetes_pod_label_", "__meta_kubernetes_pod_container_port_name", m.Spec.PodMetricsEndpoints
	if m.Kind == "ServiceMonitor" {
		role, source, port, endpoints = "endpointslice", "__meta_kubernetes_service_label_", "__meta_kubernetes_endpointslice_port_name", m.Spec.Endpoints
	}
	var relabel []object
	if !m.Spec.NamespaceSelector.Any {
		relabel = append(relabel, object{"action": "keep", "source_labels": []string{"__meta_kubernetes_namespace"}, "regex": m.Metadata.Namespace})
	}
	for label, value := range m.Spec.Selector.MatchLabels {
		relabel = append(relabel, object{"action": "keep", "source_labels": []string{source + labelName(label)}, "regex": regexp.QuoteMeta(value)})
	}
	relabel = append(relabel,
		object{"action": "keep", "source_labels": []string{port}, "regex": endpoints[0].Port},
		object{"action": "drop", "source_labels": []string{"__meta_kubernetes_pod_phase"}, "regex": "Failed|Succeeded"},
		copied("__meta_kubernetes_namespace", "namespace"), copied("__meta_kubernetes_pod_name", "pod"), copied("__meta_kubernetes_pod_container_name", "container"),
		object{"target_label": "endpoint", "replacement": endpoints[0].Port},
	)
	for _, label := range m.Spec.PodTargetLabels {
		relabel = append(relabel, object{"source_labels": []string{"__meta_kubernetes_pod_label_" + labelName(label)}, "regex": "(.+)", "target_label": labelName(label)})
	}
	if m.Kind == "ServiceMonitor" {
		relabel = append(relabel, copied("__meta_kubernetes_service_name", "service"), copied("__meta_kubernetes_service_name", "job"))
	} else {
		relabel = append(relabel, object{"target_label": "job", "replacement": m.Metadata.Namespace + "/" + m.Metadata.Name})
	}
	var kept []object
	for _, r := range endpoints[0].MetricRelabelings {
		kept = append(kept, object{"action": r.Action, "source_labels": r.SourceLabels, "regex": r.Regex})
	}
	return object{
		"sample_limit": m.Spec.SampleLimit, "metric_relabel_configs": kept,
		"job_name": m.Kind + "/" + m.Metadata.Namespace + "/" + m.Metadata.Name + "/0", "honor_labels": endpoints[0].HonorLabels,
		"file_sd_configs": []object{{"files": []string{files[role]}, "refresh_interval": "1s"}}, "relabel_configs": relabel,
	}
}

func copied(from, to string) object {
	return object{"source_labels": []string{from}, "target_label": to}
}

// labelName is the name that Prometheus gives to a label of Kubernetes.
func labelName(label string) string {
	return regexp.MustCompile(`[^a-zA-Z0-9_]`).ReplaceAllString(label, "_")
}

// expressions are those of the dashboard.
func expressions(t *testing.T) []string {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
	}
	text, err := os.ReadFile(filepath.Join(component, "dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all = append(all, target.Expr)
		}
	}
	return all
}
