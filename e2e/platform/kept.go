package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/platform/minio"
)

// KeptName is the name of the cluster that is kept between runs of suites.
const KeptName = "kept"

// Keep returns the platform that is kept between runs, with the product of this checkout. It starts one if there is none.
func Keep(ctx context.Context, log Log) (*Platform, error) {
	p, err := OpenKept(ctx, log)
	if errors.Is(err, os.ErrNotExist) {
		return Start(ctx, KeptName, log)
	}
	if err != nil {
		return nil, err
	}
	if other := p.Contradiction(); other != "" {
		return nil, fmt.Errorf("%s: leave that out, or run make cluster-down first", other)
	}
	return p, p.Update(ctx, log)
}

// Contradiction says which variables of the environment choose another cluster than this one; it is empty if none does.
func (p *Platform) Contradiction() string {
	made := p.Cluster.Config
	var all []string
	for _, of := range []struct{ variable, has string }{
		{"KUBERNETES", made.Binaries.KubernetesVersion},
		{"CONTAINERD", cmp.Or(made.Binaries.Runtime.Version, "the machine's")},
		{familyVariable, cmp.Or(string(made.Family), "IPv4")},
	} {
		if wanted := os.Getenv(of.variable); wanted != "" && wanted != of.has && !strings.HasPrefix(of.has, wanted+".") {
			all = append(all, fmt.Sprintf("%s is %s, but the cluster %s has %s", of.variable, wanted, made.Name, of.has))
		}
	}
	return strings.Join(all, "; ")
}

// OpenKept finds the platform that is kept, whatever it was made with; the error is os.ErrNotExist if there is none.
func OpenKept(ctx context.Context, log Log) (*Platform, error) {
	if err := host.PrepareToOpen(ctx, log); err != nil {
		return nil, err
	}
	_, cliTag, err := images.AWSCLI(ctx, log)
	if err != nil {
		return nil, err
	}
	p := &Platform{}
	if p.Cluster, err = cluster.Open(KeptName, log); err == nil {
		p.MinIO, err = minio.Open(p.Cluster)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w; run make cluster-down, and make cluster again", err)
	}
	p.Env = p.env(cliTag)
	return p, nil
}

// Update brings the product to what the checkout says: it builds it, loads the images that have changed, applies the manifests,
// and replaces the replicas of what has changed.
func (p *Platform) Update(ctx context.Context, log Log) (err error) {
	begin := time.Now()
	root, err := Root(ctx)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "podidentity-images-")
	if err != nil {
		return fmt.Errorf("make a directory for images: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := buildProduct(ctx, root, work, log); err != nil {
		return err
	}
	changed, err := loadProduct(ctx, p.Cluster, work)
	if err != nil {
		return err
	}
	for _, part := range changed {
		// New pods have the new sidecar by themselves.
		if part == "sidecar" {
			continue
		}
		_, err := p.Kubectl(ctx, nil, "rollout", "restart", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/name=pod-identity-"+part)
		if err != nil {
			return err
		}
	}
	if err := demo().install(ctx, p.Cluster, root); err != nil {
		return err
	}
	log("the product is up to date after %s; images that have changed: %s", time.Since(begin).Round(100*time.Millisecond), cmp.Or(strings.Join(changed, ", "), "none"))
	return nil
}
