package reconciliation_test

import "testing"

// labelRemoved removes the label that the leader's watch selects, and forges the identity of the same pod: both are put right,
// and the pod is not said to have no sidecar.
func labelRemoved(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	before := f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`)
	f.forge(t, `{"labels": {"podidentity.dev/injected": null}, "annotations": {"podidentity.dev/identity": "{\"roleARN\":\"arn:minio:iam:::role/forged\"}"}}`)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.labels.podidentity\.dev/injected}=true`, "pod/app", "--timeout=30s")
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+before, "pod/app", "--timeout=30s")
	if events := f.Do(t, "get", "events", "--namespace="+f.namespace, "--field-selector=reason=NotInjected", "--output=name"); events != "" {
		t.Errorf("a pod with a sidecar is said to have none: %s", events)
	}
}
