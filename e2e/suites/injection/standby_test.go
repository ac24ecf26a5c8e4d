package injection_test

import (
	"strings"
	"testing"
)

// standby takes the primary away: the API server calls the standby for everything that the primary would have answered.
func standby(t *testing.T, s suite) {
	s.create(t, pod{Name: "older", Namespace: "restricted"})
	s.Do(t, "scale", "--namespace=pod-identity", "deployment/pod-identity-webhook", "--replicas=0")
	s.Do(t, "wait", "--namespace=pod-identity", "--for=delete", "pod", "--selector=app.kubernetes.io/name=pod-identity-webhook,app.kubernetes.io/component=primary", "--timeout=3m")
	defer func() {
		s.Do(t, "scale", "--namespace=pod-identity", "deployment/pod-identity-webhook", "--replicas=1")
		s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment/pod-identity-webhook", "--timeout=2m")
	}()
	for name, test := range map[string]struct{ namespace, pod, says string }{
		"a pod is injected": {
			"restricted", "{name: p}", "injected: no credentials until",
		},
		"a pod made from the manifest of one that was skipped is injected": {
			"restricted", `{name: p, annotations: {podidentity.dev/status: "skipped: copied"}}`, "injected: no credentials until",
		},
		"in mode associated a pod without association is skipped": {
			"associated", "{name: p}", "skipped: no PodIdentityAssociation",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := "apiVersion: v1\nkind: Pod\nmetadata: " + test.pod + "\nspec: {serviceAccountName: default, containers: [{name: app, image: app, " +
				"securityContext: {runAsNonRoot: true, runAsUser: 1000, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, seccompProfile: {type: RuntimeDefault}}}]}"
			status := s.DoWith(t, text, "create", "--dry-run=server", "--namespace="+test.namespace, `-o=jsonpath={.metadata.annotations.podidentity\.dev/status}`, "-f", "-")
			if !strings.HasPrefix(status, test.says) {
				t.Errorf("its status is %q", status)
			}
		})
	}
	t.Run("a container of kubectl debug has the credentials of its pod", func(t *testing.T) { s.debug(t, "older") })
}
