// Package chart_test proves that Helm installs, upgrades, rolls back and removes the product by its chart.
package chart_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	namespace = "reading"
	crd       = "customresourcedefinition/podidentityassociations.podidentity.dev"
)

// suite is a platform whose product is a release of Helm.
type suite struct {
	*platform.Platform
	helm
}

// helm runs Helm.
type helm struct {
	program string
	// root is the checkout.
	root string
	// values is the file with those of the demo.
	values string
}

func (h helm) chart() string { return filepath.Join(h.root, "charts", "pod-identity") }

// arguments are those of an installation or an upgrade with the values of the demo.
func (h helm) arguments(chart string, more ...string) []string {
	return append([]string{"upgrade", "--install", "pod-identity", chart, "--namespace=pod-identity", "--create-namespace", "--values=" + h.values, "--wait", "--timeout=3m"}, more...)
}

func (h helm) run(ctx context.Context, c *cluster.Cluster, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := c.Command(ctx, h.program, args...)
	cmd.Env = append(cmd.Env, "HELM_CACHE_HOME="+c.Dir("helm"), "HELM_CONFIG_HOME="+c.Dir("helm"), "HELM_DATA_HOME="+c.Dir("helm"))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("helm %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func (s suite) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.run(t.Context(), s.Cluster, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnARealCluster(t *testing.T) {
	program, err := binaries.BuildHelm(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := helm{program: program, root: root, values: filepath.Join(t.TempDir(), "values.yaml")}
	s := suite{platform.ForTestWith(t, "chart", platform.Product{Install: func(ctx context.Context, c *cluster.Cluster) error {
		values, err := os.ReadFile(filepath.Join(root, "charts", "testdata", "overlays", "demo.yaml"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(h.values, []byte(platform.Localize(c, string(values))), 0o600); err != nil {
			return err
		}
		_, err = h.run(ctx, c, h.arguments(h.chart())...)
		return err
	}}), h}
	s.Do(t, "create", "namespace", namespace)
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	s.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: reader}\nspec: {namespace: %s, serviceAccount: reader, roleARN: %q}",
		namespace, s.MinIO.RoleARN), "apply", "-f", "-")
	// In this order: each goes on where the one before has ended.
	for _, scenario := range []struct {
		name string
		run  func(*testing.T, suite)
	}{
		{"a pod is injected, and lists the bucket", func(t *testing.T, s suite) { s.start(t, "first"); s.reads(t, "first") }},
		{"helm test passes, and leaves nothing", tested},
		{"a misspelt setting changes nothing", refused},
		{"a second apply shows no difference, after a rotation of the CA too", rotated},
		{"an upgrade brings settings and the CRD", upgraded},
		{"a rollback takes the settings back", rolledBack},
		{"helm test fails where no pod is injected", failed},
		{"an uninstallation keeps associations and credentials, and refuses no pod", uninstalled},
		{"a new installation finds the associations", installedAgain},
	} {
		t.Run(scenario.name, func(t *testing.T) { scenario.run(t, s) })
	}
}

// start starts a pod that can list the bucket once it has credentials.
func (s suite) start(t *testing.T, name string) {
	t.Helper()
	s.Do(t, "run", name, "--namespace="+namespace, "--image="+s.CLIImage, "--command",
		`--overrides={"spec":{"serviceAccountName":"reader"}}`, "--", "sleep", "infinity")
	s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/"+name, "--timeout=2m")
}

func (s suite) reads(t *testing.T, name string) {
	t.Helper()
	if seen := s.Do(t, "exec", "--namespace="+namespace, name, "--container="+name, "--",
		"aws", "s3", "ls", "--endpoint-url", s.MinIO.Endpoint, "s3://"+s.Bucket); !strings.Contains(seen, platform.Object) {
		t.Errorf("the list of the bucket is %q", seen)
	}
}

// otherChart is a copy of the chart, whose CRD says something else.
func (s suite) otherChart(t *testing.T, description string) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "pod-identity")
	if err := os.CopyFS(directory, os.DirFS(s.chart())); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(directory, "crd.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const start = "description: PodIdentityAssociation gives"
	changed := strings.Replace(string(text), start, "description: "+description+start[len("description:"):], 1)
	if changed == string(text) {
		t.Fatalf("%s has no description where it was", file)
	}
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return directory
}
