package injection_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// breakGlass proves what the README says of an emergency: with no replica left pods are refused; one command lets them be
// created again, without credentials; pods that run notice nothing; applying the manifests again undoes it.
func breakGlass(t *testing.T, s suite) {
	s.create(t, pod{Name: "running", Namespace: "meshed"})
	before := s.Do(t, "get", "pod", "--namespace=meshed", "running", "-o=jsonpath={.status.containerStatuses[*].restartCount} {.status.initContainerStatuses[*].restartCount}")
	s.Do(t, "scale", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--replicas=0")
	s.Do(t, "wait", "--namespace=pod-identity", "--for=delete", "pod", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--timeout=1m")
	const probe = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: app}]}"
	admit := []string{"create", "--dry-run=server", "--namespace=meshed", "-o=jsonpath={.metadata.annotations}", "-f", "-"}
	if out, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(probe), admit...); err == nil || !strings.Contains(err.Error(), `failed calling webhook "enabled.standby.podidentity.dev"`) {
		t.Errorf("without a replica a pod was admitted: %s %v", out, err)
	}
	s.Do(t, "delete", "mutatingwebhookconfiguration", "pod-identity", "pod-identity-standby")
	if out := s.DoWith(t, probe, admit...); strings.Contains(out, "podidentity.dev") {
		t.Errorf("with the glass broken a pod was injected: %s", out)
	}
	seen := s.Do(t, "exec", "--namespace=meshed", "running", "--container=app", "--", "aws", "s3", "ls", "--endpoint-url", s.MinIO.Endpoint, "s3://"+s.Bucket)
	after := s.Do(t, "get", "pod", "--namespace=meshed", "running", "-o=jsonpath={.status.containerStatuses[*].restartCount} {.status.initContainerStatuses[*].restartCount}")
	if !strings.Contains(seen, "aws.png") || before != after {
		t.Errorf("a running pod noticed: restarts %s before and %s after, its bucket %q", before, after, seen)
	}
	if err := platform.Apply(t.Context(), s.Cluster, "../../../manifests/overlays/demo"); err != nil {
		t.Fatal(err)
	}
	s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--timeout=2m")
	if out := s.DoWith(t, probe, admit...); !strings.Contains(out, `"podidentity.dev/status":"injected`) {
		t.Errorf("after the manifests were applied again a pod was not injected: %s", out)
	}
}
