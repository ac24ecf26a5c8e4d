// Package platform is all that the product needs around it, for real: a cluster with the product installed as a user
// installs it, and an AWS beside it.
package platform

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/platform/minio"
)

// bucket is what the role may list.
const bucket = "eks-s3-example-bucket"

// Log gets a line for each step; t.Logf fits.
type Log func(format string, args ...any)

// Platform is a cluster of ours with the product and an AWS.
type Platform struct {
	*Env

	Cluster *cluster.Cluster
	MinIO   *minio.Server
}

// prerequisites are the parts of a platform that are made once and kept in the user's cache directory.
type prerequisites struct {
	programs           binaries.Set
	cliArchive, cliTag string
}

// Prepare installs and builds whatever a platform is made of, so that Start only starts.
func Prepare(ctx context.Context, log Log) error {
	_, err := prepare(ctx, log)
	return err
}

func prepare(ctx context.Context, log Log) (m prerequisites, err error) {
	if err := host.Prepare(ctx, log); err != nil {
		return m, err
	}
	if m.programs, err = binaries.Build(ctx, log); err != nil {
		return m, err
	}
	m.cliArchive, m.cliTag, err = images.AWSCLI(ctx, log)
	return m, err
}

// Start starts a platform on a cluster of that name, with the product as the demo installs it. If it fails, or ctx ends,
// nothing is left behind.
func Start(ctx context.Context, name string, log Log) (*Platform, error) {
	return startWith(ctx, name, demo(), log)
}

// startWith is Start with another installation of the product than the demo's.
func startWith(ctx context.Context, name string, product Product, log Log) (*Platform, error) {
	m, err := prepare(ctx, log)
	if err != nil {
		return nil, err
	}
	root, err := Root(ctx)
	if err != nil {
		return nil, err
	}
	log("starting Kubernetes, and building the product")
	p := &Platform{}
	if err := p.start(ctx, name, m, product, root, log); err != nil {
		if p.Cluster != nil && ctx.Err() == nil {
			err = errors.Join(err, p.Diagnose(ctx))
		}
		if p.Cluster != nil {
			err = errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
		return nil, err
	}
	return p, nil
}

func (p *Platform) start(ctx context.Context, name string, m prerequisites, product Product, root string, log Log) (err error) {
	work, err := os.MkdirTemp("", "podidentity-images-")
	if err != nil {
		return fmt.Errorf("make a directory for images: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	both, bothCtx := errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		family, err := cluster.ParseFamily(os.Getenv(familyVariable))
		if err != nil {
			return err
		}
		p.Cluster, err = cluster.Start(bothCtx, cluster.Config{Name: name, Binaries: m.programs, Family: family, Log: log})
		return err
	})
	both.Go(func() error { return buildProduct(bothCtx, root, work, log) })
	if err := both.Wait(); err != nil {
		return err
	}
	log("starting MinIO as STS and S3, and installing the product")
	begin := time.Now()
	both, bothCtx = errgroup.WithContext(ctx)
	both.Go(func() (err error) {
		p.MinIO, err = minio.Start(bothCtx, p.Cluster, m.programs.MinIO, minio.Bucket{
			Name: bucket, Objects: map[string][]byte{Object: picture()},
		})
		return err
	})
	both.Go(func() error {
		if _, err := loadProduct(bothCtx, p.Cluster, work); err != nil {
			return err
		}
		if err := product.install(bothCtx, p.Cluster, root); err != nil {
			return err
		}
		if err := checkFamily(bothCtx, p.Cluster); err != nil {
			return err
		}
		return p.Cluster.LoadImage(bothCtx, m.cliArchive)
	})
	if err := both.Wait(); err != nil {
		return err
	}
	p.Env = p.env(m.cliTag)
	log("the product is installed and ready after another %s", time.Since(begin).Round(100*time.Millisecond))
	return nil
}

// Stop removes the platform and every trace of it.
func (p *Platform) Stop(ctx context.Context) error { return p.Cluster.Stop(ctx) }

// env is what scenarios see of the platform.
func (p *Platform) env(cliImage string) *Env {
	return &Env{
		Kubectl: p.Cluster.Kubectl,
		RoleARN: p.MinIO.RoleARN,
		// MinIO knows its own roles only.
		RefusedRoleARN: "arn:minio:iam:::role/does-not-exist",
		Bucket:         bucket,
		S3Endpoint:     p.MinIO.Endpoint,
		CLIImage:       cliImage,
		AuthService: &AuthService{
			Use:   func(ctx context.Context) (string, error) { return p.UseAuthService(ctx, withAuthService) },
			Leave: p.useSTS,
		},
	}
}
