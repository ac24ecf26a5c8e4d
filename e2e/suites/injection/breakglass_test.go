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
	s.Do(t, "wait", "--namespace=pod-identity", "--for=delete", "pod", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--timeout=3m")
	const annotations = "{.metadata.annotations}"
	if out, err := s.admit(t, annotations); err == nil || !strings.Contains(err.Error(), `failed calling webhook "enabled.standby.podidentity.dev"`) {
		t.Errorf("without a replica a pod was admitted: %s %v", out, err)
	}
	s.Do(t, "delete", "mutatingwebhookconfiguration", "pod-identity", "pod-identity-standby")
	var out string
	s.await(t, "a pod is admitted with the glass broken", func() bool {
		var err error
		out, err = s.admit(t, annotations)
		return err == nil
	})
	if strings.Contains(out, "podidentity.dev") {
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
	s.await(t, "a pod is injected after the manifests were applied again", func() bool {
		out, err := s.admit(t, annotations)
		return err == nil && strings.Contains(out, `"podidentity.dev/status":"injected`)
	})
}
