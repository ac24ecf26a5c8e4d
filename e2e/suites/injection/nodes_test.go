package injection_test

import (
	"testing"
)

// userRange proves that the sidecar keeps to the user that OpenShift gives to the containers of a pod, and leaves its group and its label
// alone. There is no OpenShift here, and this node has no SELinux.
func userRange(t *testing.T, s suite) {
	s.ApplyTemplate(t, "range.yaml", pod{Image: s.CLIImage, S3: s.MinIO.Endpoint})
	s.Do(t, "wait", "--namespace=restricted", "--for=condition=Ready", "pod/range", "--timeout=2m")
	s.listBucket(t, "restricted", "range", "app")
	for path, want := range map[string]string{
		"{.spec.initContainers[0].name}":                           "pod-identity",
		"{.spec.initContainers[0].securityContext.runAsUser}":      "1000680000",
		"{.spec.initContainers[0].securityContext.seLinuxOptions}": "",
		"{.spec.securityContext.fsGroup}":                          "1000680000",
		"{.spec.securityContext.seLinuxOptions}":                   `{"level":"s0:c26,c20"}`,
		"{.spec.containers[0].securityContext.runAsUser}":          "1000680000",
		"{.spec.initContainers[0].securityContext.seccompProfile}": `{"type":"RuntimeDefault"}`,
	} {
		if got := s.Do(t, "get", "pod", "--namespace=restricted", "range", "-o=jsonpath="+path); got != want {
			t.Errorf("%s is %q, not %q", path, got, want)
		}
	}
	s.Do(t, "delete", "pod", "--namespace=restricted", "range", "--now", "--wait=false")
}
