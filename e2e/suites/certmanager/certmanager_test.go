// Package certmanager_test proves that the product works with certificates of cert-manager, and that a renewal refuses no pod.
package certmanager_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/platform"
)

const namespace = "reading"

// suite is a platform whose certificates cert-manager keeps.
type suite struct {
	*platform.Platform
}

func TestOnARealCluster(t *testing.T) {
	manager, err := binaries.BuildCertManager(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	s := suite{platform.ForTestWith(t, "certmanager", platform.Product{
		Kustomization: "e2e/suites/certmanager/testdata",
		Before:        func(ctx context.Context, c *cluster.Cluster) error { return run(ctx, c, manager) },
	})}
	s.Do(t, "create", "namespace", namespace)
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	s.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: reader}\nspec: {namespace: %s, serviceAccount: reader, roleARN: %q}",
		namespace, s.MinIO.RoleARN), "apply", "-f", "-")
	// In this order: each leaves more certificates behind it.
	for _, scenario := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"a pod is injected, and lists the bucket", injected},
		{"the product keeps no Secret, and may not", keepsNothing},
		{"when the certificates end is measured", measured},
		{"a renewed certificate refuses no pod", renewed},
		{"with a new CA, and the Secret of the certificate deleted, pods are admitted at the end of it", newCA},
	} {
		t.Run(scenario.name, func(t *testing.T) { scenario.run(t, s) })
	}
}

// run runs cert-manager beside the cluster's components.
func run(ctx context.Context, c *cluster.Cluster, manager binaries.CertManager) error {
	if _, err := c.Kubectl(ctx, nil, "apply", "--server-side", "-f", manager.CRDs); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, nil, "wait", "--for=condition=Established", "crd", "--all", "--timeout=1m"); err != nil {
		return err
	}
	program := filepath.Join(c.Dir("cert-manager"), "cert-manager")
	if err := copyProgram(program, manager.Program); err != nil {
		return err
	}
	_, err := c.Run("cert-manager", []string{"KUBECONFIG=" + c.Kubeconfig()}, program)
	return err
}

// copyProgram puts a program where the node sees it, wherever the user's cache directory is.
func copyProgram(to, from string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return fmt.Errorf("make a directory for a program: %w", err)
	}
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy a program: %w", err)
	}
	defer func() { _ = source.Close() }() // only read from
	target, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o700)
	if err != nil {
		return fmt.Errorf("copy a program: %w", err)
	}
	if _, err := io.Copy(target, source); err != nil {
		return fmt.Errorf("copy a program: %w", err)
	}
	return target.Close()
}

func injected(t *testing.T, s suite) {
	s.Do(t, "run", "reader", "--namespace="+namespace, "--image="+s.CLIImage, "--command",
		`--overrides={"spec":{"serviceAccountName":"reader"}}`, "--", "sleep", "infinity")
	s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/reader", "--timeout=2m")
	seen := s.Do(t, "exec", "--namespace="+namespace, "reader", "--container=reader", "--",
		"aws", "s3", "ls", "--endpoint-url", s.MinIO.Endpoint, "s3://"+s.Bucket)
	if !strings.Contains(seen, "aws.png") {
		t.Errorf("the list of the bucket is %q", seen)
	}
}

func keepsNothing(t *testing.T, s suite) {
	if got := s.Do(t, "get", "secrets", "--namespace=pod-identity", "-o=jsonpath={.items[*].metadata.name}"); got != "pod-identity-webhook-ca pod-identity-webhook-tls" {
		t.Errorf("there are the Secrets %s", got)
	}
	if got := s.Do(t, "get", "mutatingwebhookconfiguration", "pod-identity", "-o=jsonpath={.metadata.managedFields[*].manager}", "--show-managed-fields"); strings.Contains(" "+got+" ", " pod-identity ") {
		t.Errorf("the webhook has written to its configuration: %s", got)
	}
	const user = "--as=system:serviceaccount:pod-identity:pod-identity-webhook"
	for _, right := range [][]string{
		{"get", "secrets", "--namespace=pod-identity"}, {"create", "secrets", "--namespace=pod-identity"},
		{"watch", "secrets", "--namespace=pod-identity"}, {"patch", "mutatingwebhookconfigurations/pod-identity"},
	} {
		// It exits with an error where the answer is no.
		answer, err := s.Cluster.Kubectl(t.Context(), nil, append([]string{"auth", "can-i", user}, right...)...)
		if err == nil || strings.TrimSpace(answer) != "no" {
			t.Errorf("the webhook may %v: %s %v", right, answer, err)
		}
	}
	if log := s.Do(t, "logs", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--tail=-1"); strings.Contains(log, "forbidden") || strings.Contains(log, "made a CA") {
		t.Errorf("its log has\n%s", log)
	}
}

// measured reads the metric of each replica through the API server.
func measured(t *testing.T, s suite) {
	for _, pod := range s.replicas(t) {
		text := s.Do(t, "get", "--raw=/api/v1/namespaces/pod-identity/pods/"+strings.TrimPrefix(pod, "pod/")+":8080/proxy/metrics")
		for _, certificate := range []string{"leaf", "ca"} {
			if !strings.Contains(text, fmt.Sprintf("podidentity_certificate_expiration_timestamp_seconds{certificate=%q} ", certificate)) {
				t.Errorf("%s does not say when the %s ends", pod, certificate)
			}
		}
	}
}

func (s suite) replicas(t *testing.T) []string {
	t.Helper()
	return strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", "-o=name"))
}
