// Package auth_test proves that the auth service gives sessions to the AWS SDKs' own clients, with tokens of a real API server, and
// refuses all others with a reason.
package auth_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// suite is a platform with the auth service and pods.
type suite struct {
	*platform.Platform
	// sts is where the auth service finds STS; see testdata/kustomization.yaml.
	sts platform.STS
	// ip is the address of the Service.
	ip string
}

func TestOnARealCluster(t *testing.T) {
	s := &suite{Platform: platform.ForTest(t, "auth")}
	s.sts = s.StartSTS(t, 0)
	s.install(t)
	s.ApplyTemplate(t, "cluster.yaml", map[string]any{
		"Bucket": s.Bucket, "Image": s.CLIImage, "Pods": []string{"reader", "tagged", "nobody"},
	})
	s.Do(t, "wait", "--namespace=shop", "--for=condition=Ready", "pod", "--all", "--timeout=2m")
	// In this order: the later ones leave the service changed.
	for _, scenario := range []struct {
		name string
		run  func(*testing.T, *suite)
	}{
		{"a pod lists the bucket with the AWS CLI and its own token, and cannot write", commandLine},
		{"the clients of the SDKs get a session, and understand a refusal", sdks},
		{"STS is asked with the six tags, all transitive, under a name that tells the pod", tagged},
		{"labels that the association lists become session tags as the API server has them, and the name of the pod its source identity", labelled},
		{"a request that may not have a session is told why", refusals},
		{"the token of a deleted pod is refused", deletedPod},
		{"an association that changes or goes counts at the next request", liveAssociation},
		{"a role that a service account chooses counts within the bounds of its namespace", bounds},
		{"every session and every refusal is one line without secrets", audit},
		{"while STS is throttled few calls reach it, and clients are told when to come again", throttled},
		{"no request fails while replicas are replaced", rollout},
		{"a replica that is killed costs refused connections and nothing else", killed},
		{"a new CA is trusted before its first certificate is shown", rotated},
		{"an injected pod lists the bucket by a session of the service, and follows its CA", injected},
		{"an injected pod gets sessions with its labels, also when these change", injectedLabels},
		{"two containers of a pod get sessions of different roles", injectedContainers},
	} {
		t.Run(scenario.name, func(t *testing.T) { scenario.run(t, s) })
	}
}

func (s *suite) install(t *testing.T) {
	t.Helper()
	ip, err := s.UseAuthService(t.Context(), "e2e/suites/auth/testdata")
	if err != nil {
		t.Fatal(err, s.logs(t))
	}
	s.ip = ip
}

// token is one of a pod that is named as its service account.
func (s *suite) token(t *testing.T, pod, audience string) string {
	t.Helper()
	uid := s.Do(t, "get", "pod", "--namespace=shop", pod, "-o=jsonpath={.metadata.uid}")
	return strings.TrimSpace(s.Do(t, "create", "token", "--namespace=shop", pod, "--audience="+audience,
		"--bound-object-kind=Pod", "--bound-object-name="+pod, "--bound-object-uid="+uid))
}

// bundle is what tells clients whom to trust.
func (s *suite) bundle(t *testing.T) string {
	t.Helper()
	return s.Do(t, "get", "configmap", "--namespace=pod-identity", "pod-identity-auth-ca", `-o=jsonpath={.data.ca\.crt}`)
}

func (s *suite) logs(t *testing.T) string {
	t.Helper()
	return s.Do(t, "logs", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-auth", "--tail=-1")
}

func commandLine(t *testing.T, s *suite) {
	s.DoWith(t, s.Do(t, "create", "configmap", "--namespace=shop", "pod-identity-auth-ca", "--from-literal=ca.crt="+s.bundle(t), "--dry-run=client", "-o=yaml"), "apply", "-f", "-")
	s.ApplyTemplate(t, "cli.yaml", map[string]string{"IP": s.ip, "Image": s.CLIImage, "S3": s.MinIO.Endpoint, "Bucket": s.Bucket})
	s.Do(t, "wait", "--namespace=shop", "--for=jsonpath={.status.containerStatuses[0].state.terminated.reason}", "pod/cli", "--timeout=2m")
	said := s.Do(t, "logs", "--namespace=shop", "cli")
	for _, want := range []string{"aws.png", "AccessDenied", "it cannot write"} {
		if !strings.Contains(said, want) {
			t.Fatalf("%q is not in what the CLI says:\n%s\n%s", want, said, s.logs(t))
		}
	}
	t.Log(strings.TrimSpace(said))
}
