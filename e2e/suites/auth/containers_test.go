package auth_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// injectedContainers proves that the service gives each container of a pod the role of the association for it, and to a client that names no
// container that of the pod.
func injectedContainers(t *testing.T, s *suite) {
	const podRole, ownRole = "arn:aws:iam::111122223333:role/pods/labelled", "arn:aws:iam::111122223333:role/pods/agent"
	s.DoWith(t, fmt.Sprintf(`apiVersion: podidentity.dev/v1alpha1
kind: PodIdentityAssociation
metadata: {name: agent}
spec: {namespace: shop, serviceAccount: tagged, container: agent, roleARN: %q}`, ownRole), "create", "-f", "-")
	s.Do(t, "wait", "--for=condition=Ready", "pia/agent", "--timeout=2m")
	s.DoWith(t, fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: separate, namespace: shop, labels: {team: shop}}
spec:
  serviceAccountName: tagged
  hostAliases: [{ip: %s, hostnames: [pod-identity-auth.pod-identity.svc]}]
  containers:
    - {name: app, image: %s, command: [sleep, infinity]}
    - {name: agent, image: %s, command: [sleep, infinity]}`, s.ip, s.CLIImage, s.CLIImage), "create", "-f", "-")
	s.Do(t, "wait", "--namespace=shop", "--for=condition=Ready", "pod/separate", "--timeout=2m")
	for container, want := range map[string]string{"app": podRole, "agent": ownRole} {
		asked := func(r url.Values) bool {
			return r.Get("RoleArn") == want && slices.Contains(tagsOf(r, 1), "kubernetes-pod-name=separate")
		}
		if !slices.ContainsFunc(s.sts.Requests(t), asked) {
			t.Errorf("STS was not asked for the role of container %s: %v", container, s.sts.Requests(t))
		}
		if found := s.Do(t, "exec", "--namespace=shop", "separate", "--container="+container, "--", "aws", "configure", "list"); !strings.Contains(found, "container-role") {
			t.Errorf("container %s finds\n%s", container, found)
		}
	}
	if log := s.logs(t); !strings.Contains(log, `"container":"agent"`) {
		t.Error("the audit log does not name the container")
	}
}
