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
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	namespace = "reading"
	registry  = "registry.example.com/podidentity"
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
		// The binaries are there by now.
		Before: func(ctx context.Context, c *cluster.Cluster) error {
			if err := release(ctx, root, dist); err != nil {
				return err
			}
			return c.LoadImage(ctx, filepath.Join(dist, "pod-identity.tar"))
		},
	})
	t.Run("the images of all pods are those of the bundle, by digest", func(t *testing.T) { byDigest(t, p) })
	t.Run("a pod is injected with the sidecar of the bundle, and lists the bucket", func(t *testing.T) { injected(t, p) })
}

// release makes what `make release` makes, for this machine alone, and puts the settings beside it.
func release(ctx context.Context, root, dist string) error {
	for _, command := range [][]string{
		{"go", "-C", filepath.Join(root, "release"), "run", ".", "dist", "--out=" + dist, "--registry=" + registry, "--version=v0.1.0", "--architectures=" + runtime.GOARCH},
		{"sh", "-c", `cd "$0" && sha256sum --check --quiet SHA256SUMS`, dist},
		{"cp", filepath.Join(root, "e2e", "suites", "release", "testdata", "kustomization.yaml"), dist},
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
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

func injected(t *testing.T, p *platform.Platform) {
	p.Do(t, "create", "namespace", namespace)
	p.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	p.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	p.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: reader}\nspec: {namespace: %s, serviceAccount: reader, roleARN: %q}",
		namespace, p.RoleARN), "apply", "-f", "-")
	p.Do(t, "run", "reader", "--namespace="+namespace, "--image="+p.CLIImage, "--command",
		`--overrides={"spec":{"serviceAccountName":"reader"}}`, "--", "sleep", "infinity")
	p.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/reader", "--timeout=2m")
	if seen := p.Do(t, "exec", "--namespace="+namespace, "reader", "--container=reader", "--",
		"aws", "s3", "ls", "--endpoint-url", p.S3Endpoint, "s3://"+p.Bucket); !strings.Contains(seen, platform.Object) {
		t.Errorf("the list of the bucket is %q", seen)
	}
	if image := p.Do(t, "get", "pod", "reader", "--namespace="+namespace, "-o=jsonpath={.spec.initContainers[0].image}"); !strings.HasPrefix(image, registry+"/sidecar@sha256:") {
		t.Errorf("the sidecar has the image %s", image)
	}
}
