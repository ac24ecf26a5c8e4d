package reconciliation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// uninjected holds that a pod which is older than the label of its namespace is counted, and told to be created again.
func uninjected(t *testing.T, p *platform.Platform) {
	p.Do(t, "create", "namespace", "late")
	for _, pod := range []string{"older", "opted-out"} {
		p.DoWith(t, `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "`+pod+`", "annotations": {"podidentity.dev/inject": "`+
			map[string]string{"older": "true", "opted-out": "false"}[pod]+`"}}, "spec": {"containers": [{"name": "app", "image": "`+p.CLIImage+`", "command": ["sleep", "infinity"]}]}}`,
			"apply", "--namespace=late", "-f", "-")
	}
	p.Do(t, "label", "namespace", "late", "podidentity.dev/inject=enabled")
	awaitDescription(t, p, []string{"pod", "--namespace=late", "older"}, "Warning  NotInjected", "it is older than the label or the association, or was created while the webhook was away; create it again")
	awaitMetric(t, p, `podidentity_uninjected_pods{namespace="late"} 1`)
	if events := p.Do(t, "get", "events", "--namespace=late", "--field-selector=reason=NotInjected,involvedObject.name=opted-out", "--output=name"); events != "" {
		t.Errorf("a pod that opted out is told to be created again: %s", events)
	}
	p.Do(t, "label", "namespace", "late", "podidentity.dev/inject-")
	awaitNoMetric(t, p, `podidentity_uninjected_pods{namespace="late"}`)
}

// awaitMetric waits until some replica of the webhook shows the line among its metrics.
func awaitMetric(t *testing.T, p *platform.Platform, line string) {
	t.Helper()
	if !pollMetrics(t, p, func(all string) bool { return strings.Contains(all, line) }) {
		t.Errorf("no replica shows %s", line)
	}
}

func awaitNoMetric(t *testing.T, p *platform.Platform, line string) {
	t.Helper()
	if !pollMetrics(t, p, func(all string) bool { return !strings.Contains(all, line) }) {
		t.Errorf("some replica still shows %s", line)
	}
}

func pollMetrics(t *testing.T, p *platform.Platform, holds func(all string) bool) bool {
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, time.Minute, true, func(context.Context) (bool, error) {
		var all strings.Builder
		for _, pod := range strings.Fields(p.Do(t, "get", "pods", "--namespace=pod-identity", "--field-selector=status.phase=Running", "--output=jsonpath={.items[*].metadata.name}")) {
			all.WriteString(p.Do(t, "get", "--raw", "/api/v1/namespaces/pod-identity/pods/"+pod+":8080/proxy/metrics"))
		}
		return holds(all.String()), nil
	})
	return err == nil
}
