// Package release_test proves that the files of a release install the product on a cluster that reaches no registry.
package release_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	namespace = "reading"
	registry  = "registry.example.com/podidentity"

	association = "apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: reader}\nspec: {namespace: %s, serviceAccount: reader, roleARN: %q}"
)

func TestOnARealCluster(t *testing.T) {
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dist := filepath.Join(t.TempDir(), "dist")
	beside, err := filepath.Rel(root, dist)
	if err != nil {
		t.Fatal(err)
	}
	p := platform.ForTestWith(t, "release", platform.Product{
		Kustomization: beside,
		Before: func(ctx context.Context, c *cluster.Cluster) error {
			if err := release(ctx, root, dist); err != nil {
				return err
			}
			return c.LoadImage(ctx, filepath.Join(dist, "pod-identity.tar"))
		},
	})
	t.Run("the images of all pods are those of the bundle, by digest", func(t *testing.T) { byDigest(t, p) })
	t.Run("a pod is injected with the sidecar of the bundle, and lists the bucket", func(t *testing.T) {
		associate(t, p)
		injected(t, p, "by-manifest")
	})
	t.Run("by Helm, with the chart of the release, as well", func(t *testing.T) { byHelm(t, p, dist) })
	t.Run("the commands of docs/quickstart.md install it with MinIO, and a Job uses it", func(t *testing.T) { quickstart(t, p, dist) })
}

// release makes a release for both architectures, as CONTRIBUTING.md has it, but with the plugin for this machine alone, and puts the settings
// beside it.
func release(ctx context.Context, root, dist string) error {
	for _, command := range [][]string{
		{"make", "--silent", "--no-print-directory", "--directory", root, "release", "VERSION=v0.1.0", "REGISTRY=" + registry, "DIST=" + dist, "PLUGIN_PLATFORMS=" + runtime.GOOS + "/" + runtime.GOARCH},
		{"sh", "-c", `cd "$0" && sha256sum --check --quiet SHA256SUMS`, dist},
		{"cp", filepath.Join(root, "e2e", "suites", "release", "testdata", "kustomization.yaml"), dist},
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command[0], err, out)
		}
	}
	return nil
}

func byDigest(t *testing.T, p *platform.Platform) {
	images := strings.Fields(p.Do(t, "get", "pods", "--namespace=pod-identity", "-o=jsonpath={.items[*].spec.containers[*].image}"))
	for _, image := range images {
		if !strings.HasPrefix(image, registry+"/webhook@sha256:") {
			t.Errorf("a pod has the image %s", image)
		}
	}
	if len(images) != 2 {
		t.Errorf("the images are %q", images)
	}
}

func associate(t *testing.T, p *platform.Platform) {
	t.Helper()
	p.Do(t, "create", "namespace", namespace)
	p.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	p.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	p.DoWith(t, fmt.Sprintf(association, namespace, p.RoleARN), "apply", "-f", "-")
}

func injected(t *testing.T, p *platform.Platform, name string) {
	t.Helper()
	p.Do(t, "run", name, "--namespace="+namespace, "--image="+p.CLIImage, "--command",
		`--overrides={"spec":{"serviceAccountName":"reader"}}`, "--", "sleep", "infinity")
	p.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/"+name, "--timeout=2m")
	if seen := p.Do(t, "exec", "--namespace="+namespace, name, "--container="+name, "--",
		"aws", "s3", "ls", "--endpoint-url", p.S3Endpoint, "s3://"+p.Bucket); !strings.Contains(seen, platform.Object) {
		t.Errorf("the list of the bucket is %q", seen)
	}
	if image := p.Do(t, "get", "pod", name, "--namespace="+namespace, "-o=jsonpath={.spec.initContainers[0].image}"); !strings.HasPrefix(image, registry+"/sidecar@sha256:") {
		t.Errorf("the sidecar has the image %s", image)
	}
}

// byHelm removes the product, and installs it again by the command of docs/releases.md, to which it adds where STS is, and its region.
func byHelm(t *testing.T, p *platform.Platform, dist string) {
	program, err := binaries.BuildHelm(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := platform.Blocks("../../../docs/releases.md", "## Install by Helm")
	if err != nil {
		t.Fatal(err)
	}
	p.Do(t, "delete", "mutatingwebhookconfigurations", "pod-identity-standby", "pod-identity")
	p.Do(t, "delete", "--kustomize="+dist, "--ignore-not-found")
	shell := platform.Shell{Cluster: p.Cluster, Dir: dist, More: []string{filepath.Dir(program)}}
	command := strings.TrimSpace(blocks[0].Commands) + " --set=settings.region=us-east-1,settings.sts-endpoint=" + p.MinIO.Endpoint + " --wait --timeout=3m"
	if _, err := shell.Run(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	byDigest(t, p)
	// The CRD has gone with the manifests, and the association with it.
	p.DoWith(t, fmt.Sprintf(association, namespace, p.RoleARN), "apply", "-f", "-")
	injected(t, p, "by-helm")
}
