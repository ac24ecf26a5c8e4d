package platform

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/cache"
	"github.com/podidentity/podidentity/e2e/machine/images"
)

// Product says how the product is installed.
type Product struct {
	// Kustomization is the directory that is applied, as seen from the root of the checkout.
	Kustomization string
	// Install installs the product in place of that; may be nil.
	Install func(ctx context.Context, c *cluster.Cluster) error
	// Before prepares the cluster for it; may be nil.
	Before func(ctx context.Context, c *cluster.Cluster) error
}

// demo is the product as `make demo` installs it.
func demo() Product { return Product{Kustomization: "manifests/overlays/demo"} }

// parts are the images of the product, which are also the targets of its Dockerfile. The overlay of the demo names them.
func parts() []string { return []string{"webhook", "sidecar", "auth"} }

func tag(part string) string { return "localhost/podidentity/" + part + ":dev" }

// buildProduct builds the images of the product as its Makefile and its Dockerfile say, into dir.
func buildProduct(ctx context.Context, root, dir string, log Log) error {
	defer cache.Progress(log, "building the product", "3 minutes the first time")()
	if err := execute(ctx, root, "make", "--silent", "--no-print-directory", "binaries"); err != nil {
		return fmt.Errorf("build the product: %w", err)
	}
	for _, part := range parts() {
		image := images.Image{Dockerfile: filepath.Join(root, "Dockerfile"), Context: root, Target: part, Tag: tag(part)}
		if err := images.Build(ctx, image, archive(dir, part)); err != nil {
			return err
		}
	}
	return nil
}

func archive(dir, part string) string { return filepath.Join(dir, part+".tar") }

// loadProduct loads those of the images that buildProduct made which the cluster does not have, and returns their names.
func loadProduct(ctx context.Context, c *cluster.Cluster, dir string) (loaded []string, err error) {
	if err := os.MkdirAll(c.Dir("product"), 0o750); err != nil {
		return nil, fmt.Errorf("note what is loaded: %w", err)
	}
	for _, part := range parts() {
		image, err := images.Inspect(archive(dir, part))
		if err != nil {
			return nil, err
		}
		note := filepath.Join(c.Dir("product"), part)
		if before, err := os.ReadFile(note); err == nil && string(before) == image.Digest {
			continue
		}
		if err := c.LoadImage(ctx, archive(dir, part)); err != nil {
			return nil, err
		}
		if err := os.WriteFile(note, []byte(image.Digest), 0o600); err != nil {
			return nil, fmt.Errorf("note what is loaded: %w", err)
		}
		loaded = append(loaded, part)
	}
	return loaded, nil
}

// install installs the product as a user does, and returns when it injects by these settings alone.
func (p Product) install(ctx context.Context, c *cluster.Cluster, root string) error {
	if p.Before != nil {
		if err := p.Before(ctx, c); err != nil {
			return err
		}
	}
	if p.Install != nil {
		return p.Install(ctx, c)
	}
	if err := Apply(ctx, c, filepath.Join(root, filepath.FromSlash(p.Kustomization))); err != nil {
		return err
	}
	if _, err := c.Kubectl(ctx, nil, "rollout", "status", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/part-of=pod-identity", "--timeout=5m"); err != nil {
		return err
	}
	return awaitReplaced(ctx, c)
}

// Apply applies a kustomization, localized.
func Apply(ctx context.Context, c *cluster.Cluster, kustomization string) error {
	manifest, err := c.Kubectl(ctx, nil, "kustomize", kustomization)
	if err != nil {
		return err
	}
	_, err = c.Kubectl(ctx, strings.NewReader(Localize(c, manifest)), "apply", "--filename=-")
	return err
}

// awaitReplaced waits for replicas that were replaced: a rollout counts them no longer, but for some seconds an API server that
// is connected to one may still have an answer of it.
func awaitReplaced(ctx context.Context, c *cluster.Cluster) error {
	names, err := c.Kubectl(ctx, nil, "get", "pods", "--namespace=pod-identity", `-o=jsonpath={range .items[?(@.metadata.deletionTimestamp)]}pod/{.metadata.name} {end}`)
	if err != nil {
		return err
	}
	for replaced := range strings.FieldsSeq(names) {
		if _, err := c.Kubectl(ctx, nil, "wait", "--namespace=pod-identity", "--for=delete", replaced, "--timeout=3m"); err != nil {
			return err
		}
	}
	return nil
}

// Root finds the checkout that the e2e module is a part of.
func Root(ctx context.Context) (string, error) {
	const module = "github.com/podidentity/podidentity/e2e"
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("find the checkout: %w; run this from its directory e2e", err)
	}
	return filepath.Dir(strings.TrimSpace(string(out))), nil
}

// execute runs a program; its error carries what the program said.
func execute(ctx context.Context, dir, name string, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
	// A make that runs below another make must not take its flags.
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(output.String()))
	}
	return nil
}
