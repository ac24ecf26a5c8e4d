package reconciliation_test

import (
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// labelRemoved removes the label that the leader's watch selects, and forges the identity of the same pod: both are put right,
// and the pod is not said to have no sidecar.
func labelRemoved(t *testing.T, p *platform.Platform) {
	before := identity(t, p)
	p.Do(t, "patch", "pod", "--namespace="+namespace, "early", "--type=merge",
		`--patch={"metadata": {"labels": {"podidentity.dev/injected": null}, "annotations": {"podidentity.dev/identity": "{\"roleARN\":\"arn:minio:iam:::role/forged\"}"}}}`)
	p.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.labels.podidentity\.dev/injected}=true`, "pod/early", "--timeout=30s")
	p.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+before, "pod/early", "--timeout=30s")
	if events := p.Do(t, "get", "events", "--namespace="+namespace, "--field-selector=reason=NotInjected", "--output=name"); events != "" {
		t.Errorf("a pod with a sidecar is said to have none: %s", events)
	}
}
