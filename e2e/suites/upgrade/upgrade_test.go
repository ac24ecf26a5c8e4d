// Package upgrade_test proves that the upgrade from the previous release, and the rollback to it, refuse no pod and fail no GET: it does both
// by the commands of docs/upgrades.md, while pods are created and read their credentials all the time.
package upgrade_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	image = "localhost/podidentity/reader:e2e"
	// session is how long the credentials are good that the proxy of STS hands on: every sidecar fetches all the time.
	session = time.Minute
)

// suite is a platform on which the previous release is installed first.
type suite struct {
	*platform.Platform

	kube kubernetes.Interface
	sts  platform.STS
	load *load
	// work has a directory with the kustomization of each release.
	work string
	// generations are the names of the pods that read credentials: those of one release have one.
	generations []string
	rows        []string
}

// step is something that is done to an installation. It returns how long it took until the sidecars had followed, or zero where they
// had nothing to follow.
type step struct {
	name string
	do   func(t *testing.T, s *suite) (followed time.Duration)
}

func steps() []step {
	all := []step{
		{"nothing, with the previous release", atRest},
		{"the upgrade", installs(next, plainly)},
	}
	all = append(all, changes("with the new release")...)
	all = append(all, step{"pods are created with the new release", starts("new", checkout)}, step{"the rollback", installs(previous, plainly)})
	all = append(all, changes("after the rollback")...)
	all = append(all, step{"pods are created after the rollback", starts("back", previous)}, step{"the upgrade, once more", installs(next, plainly)})
	return append(all, step{"the upgrade to a release that renames", installs(renamed, renames, "pod-identity-webhook", "pod-identity-webhook-standby")},
		step{"the rollback of it", installs(next, renames, "pod-identity-primary", "pod-identity-standby")}, step{"nothing, with the new release", atRest})
}

func TestOnARealCluster(t *testing.T) {
	s := newSuite(t)
	for _, step := range steps() {
		t.Run(step.name, func(t *testing.T) { s.take(t, step) })
	}
	s.report(t)
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{work: t.TempDir()}
	s.Platform = platform.ForTestWith(t, "upgrade", platform.Product{Install: func(ctx context.Context, c *cluster.Cluster) error {
		if err := s.prepare(ctx, c, root, t.Logf); err != nil {
			return err
		}
		return install(ctx, c, plainly, filepath.Join(s.work, previous))
	}})
	config, err := s.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout = time.Minute
	if s.kube, err = kubernetes.NewForConfig(config); err != nil {
		t.Fatal(err)
	}
	s.sts = s.StartSTS(t, session)
	s.LoadPrograms(t, image, "suites/attack/reader")
	s.ApplyTemplate(t, "namespaces.yaml", map[string]any{"Read": readNamespaces(), "Created": createdNamespaces(), "RoleARN": s.RoleARN})
	for _, namespace := range append(readNamespaces(), createdNamespaces()...) {
		s.AwaitAny(t, "--namespace="+namespace, "serviceaccount", "--field-selector=metadata.name=default")
	}
	starts("old", previous)(t, s)
	s.load = startLoad(t, s.kube.CoreV1())
	return s
}

// prepare loads the images of the previous release beside those of this one, and writes the kustomizations of both.
func (s *suite) prepare(ctx context.Context, c *cluster.Cluster, root string, log platform.Log) error {
	made, err := makePrevious(ctx, root, log)
	if err != nil {
		return err
	}
	for _, part := range parts() {
		if err := c.LoadImage(ctx, filepath.Join(made, part+".tar")); err != nil {
			return err
		}
	}
	for _, release := range []struct{ name, tag, manifests string }{
		{previous, previous, filepath.Join(made, "manifests")},
		{next, checkout, filepath.Join(root, "manifests")},
	} {
		directory := filepath.Join(s.work, release.name)
		if err := os.CopyFS(filepath.Join(directory, "manifests"), os.DirFS(release.manifests)); err != nil {
			return err
		}
		text, err := platform.Render("kustomization.yaml", map[string]string{"Tag": release.tag, "STS": platform.STSURL(c)})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(directory, "kustomization.yaml"), []byte(text), 0o600); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join("testdata", renamed+".yaml"))
	if err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(s.work, renamed), 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.work, renamed, "kustomization.yaml"), text, 0o600)
}
