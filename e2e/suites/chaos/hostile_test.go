package chaos_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/pki"
)

// hostileConfiguration comes after ours by its name, so that the API server calls it after them.
const hostileConfiguration = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: z-%[1]s}
webhooks:
  - name: hostile.example.com
    clientConfig: {url: "https://%[2]s/%[3]s", caBundle: %[4]s}
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %[1]s}}
    rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods], scope: Namespaced}]
    failurePolicy: Fail
    reinvocationPolicy: %[5]s
    sideEffects: None
    admissionReviewVersions: [v1]
`

// besides is what another webhook does to the sidecar, whether it is called again when ours has answered, and what the pod is then.
type besides struct{ does, again, want string }

func allBesides() []besides {
	return []besides{
		{"remove", "Never", "pod-identity of localhost/podidentity/sidecar:dev, setup of setup; 5 variables; injected"},
		{"remove", "IfNeeded", "setup of setup; 5 variables; injected"},
		{"move", "Never", "setup of setup, pod-identity of localhost/podidentity/sidecar:dev; 5 variables; injected"},
		{"move", "IfNeeded", "setup of setup, pod-identity of localhost/podidentity/sidecar:dev; 5 variables; injected"},
		{"image", "Never", "pod-identity of another, setup of setup; 5 variables; skipped"},
		{"image", "IfNeeded", "pod-identity of another, setup of setup; 5 variables; skipped"},
		{"environment", "Never", "pod-identity of localhost/podidentity/sidecar:dev, setup of setup; 5 variables; injected"},
		{"environment", "IfNeeded", "pod-identity of localhost/podidentity/sidecar:dev, setup of setup; 0 variables; injected"},
	}
}

func (b besides) namespace() string { return "hostile-" + b.does + "-" + strings.ToLower(b.again) }

// anotherWebhook shows what becomes of a pod whose sidecar another webhook changes.
func anotherWebhook(t *testing.T, s *suite) {
	bundle := s.startHostile(t)
	for _, b := range allBesides() {
		s.Do(t, "create", "namespace", b.namespace())
		s.Do(t, "label", "namespace", b.namespace(), "podidentity.dev/inject=enabled")
		s.AwaitAny(t, "--namespace="+b.namespace(), "serviceaccount", "--field-selector=metadata.name=default")
		s.DoWith(t, fmt.Sprintf(hostileConfiguration, b.namespace(), s.hostileAddress(), b.does, bundle, b.again), "create", "--filename=-")
	}
	// The API server takes notice of one after the other: of the last one, last.
	last := allBesides()[len(allBesides())-1]
	s.await(t, "the other webhook", func(context.Context) (bool, error) { return s.admittedBeside(t, last) == last.want, nil })
	for _, b := range allBesides() {
		if got := s.admittedBeside(t, b); got != b.want {
			t.Errorf("%s, called again: %s:\ngot  %s\nwant %s", b.does, b.again, got, b.want)
		}
	}
}

// admittedBeside is what the API server makes of a pod: its init containers, how many variables the application has, and the status.
func (s *suite) admittedBeside(t *testing.T, b besides) string {
	t.Helper()
	pod, err := s.kube.CoreV1().Pods(b.namespace()).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "app"},
		Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "setup", Image: "setup"}}, Containers: []corev1.Container{{Name: "app", Image: "app"}},
		},
	}, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		return err.Error()
	}
	var containers []string
	for _, c := range pod.Spec.InitContainers {
		containers = append(containers, c.Name+" of "+c.Image)
	}
	status, _, _ := strings.Cut(pod.Annotations["podidentity.dev/status"], ":")
	return fmt.Sprintf("%s; %d variables; %s", strings.Join(containers, ", "), len(pod.Spec.Containers[0].Env), status)
}

func (s *suite) hostileAddress() string { return net.JoinHostPort(s.Cluster.Address(), "8443") }

// startHostile runs the other webhook, and returns the bundle by which it is trusted.
func (s *suite) startHostile(t *testing.T) string {
	t.Helper()
	ca, err := pki.NewCA("hostile")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(pki.Identity{CommonName: "hostile", Hosts: []string{s.Cluster.Address()}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program, certificate, key := filepath.Join(dir, "hostile"), filepath.Join(dir, "crt"), filepath.Join(dir, "key")
	if err := binaries.Static(t.Context(), program, "suites/chaos/hostile"); err != nil {
		t.Fatal(err)
	}
	for file, text := range map[string][]byte{certificate: pair.Certificate, key: pair.Key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Cluster.Run("hostile", nil, program, s.hostileAddress(), certificate, key); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(ca.Certificate)
}
