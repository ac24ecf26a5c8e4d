package reconciliation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

func uninjected(t *testing.T, f fixture) {
	t.Parallel()
	late := f.createUninjected(t)
	f.awaitNotInjected(t, late)
	f.awaitMetrics(t, "one replica counts it", func(all string) bool { return strings.Contains(all, uninjectedMetric(late)+" 1") })
	if events := f.Do(t, "get", "events", "--namespace="+late, "--field-selector=reason=NotInjected,involvedObject.name=opted-out", "--output=name"); events != "" {
		t.Errorf("a pod that opted out is told to be created again: %s", events)
	}
	f.Do(t, "label", "namespace", late, "podidentity.dev/inject-")
	f.awaitMetrics(t, "no replica counts it", func(all string) bool { return !strings.Contains(all, uninjectedMetric(late)) })
}

// createUninjected creates two pods that are older than the label of their namespace, of which one has opted out, and returns the
// namespace.
func (f fixture) createUninjected(t *testing.T) string {
	t.Helper()
	late := f.Namespace(t, "late", "")
	for pod, inject := range map[string]string{"older": "true", "opted-out": "false"} {
		f.DoWith(t, `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "`+pod+`", "annotations": {"podidentity.dev/inject": "`+inject+`"}}, `+
			`"spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "`+f.CLIImage+`", "command": ["sleep", "infinity"]}]}}`,
			"apply", "--namespace="+late, "-f", "-")
	}
	f.Do(t, "label", "namespace", late, "podidentity.dev/inject=enabled")
	return late
}

func (f fixture) awaitNotInjected(t *testing.T, late string) {
	t.Helper()
	f.awaitDescription(t, []string{"pod", "--namespace=" + late, "older"}, "Warning  NotInjected", "it is older than the label or the association, or was created while the webhook was away; create it again")
}

func uninjectedMetric(namespace string) string {
	return `podidentity_pods{namespace="` + namespace + `",state="Uninjected"}`
}

// awaitMetrics waits until the metrics of all replicas of the webhook together are as they should be. A replica that is on its way out may not
// answer any more.
func (f fixture) awaitMetrics(t *testing.T, what string, holds func(all string) bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(ctx context.Context) (bool, error) {
		var all strings.Builder
		for _, pod := range strings.Fields(f.Do(t, "get", "pods", "--namespace=pod-identity", "--field-selector=status.phase=Running", "--output=jsonpath={.items[*].metadata.name}")) {
			text, err := f.Kubectl(ctx, nil, "get", "--raw", "/api/v1/namespaces/pod-identity/pods/"+pod+":8080/proxy/metrics")
			if err != nil {
				t.Logf("%s: %v", pod, err)
				return false, nil
			}
			all.WriteString(text)
		}
		return holds(all.String()), nil
	})
	if err != nil {
		t.Errorf("timed out waiting until %s", what)
	}
}
