package upgrade_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/cache"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	previous = "previous"
	next     = "next"
	// checkout is the tag of the images that the platform builds.
	checkout = "dev"
	// commit is the previous release: until there is one, the commit before upgrades were a promise. It becomes a tag.
	commit = "da20687efb1d35f37aed54e5672c2b1b69a7f25d"

	// renamed is a release of testdata.
	renamed = "renamed"

	page    = "../../../docs/upgrades.md"
	plainly = "## Upgrade from manifests"
	renames = "## Upgrade to a release that renames"
)

// parts are the images that are installed.
func parts() []string { return []string{"webhook", "sidecar"} }

// makePrevious returns a directory with the previous release, made once: an archive of each image, and its manifests.
func makePrevious(ctx context.Context, root string, log platform.Log) (string, error) {
	return cache.Ensure(ctx, cache.Entry{
		Name: "product-" + commit[:12], What: "building the previous release, " + commit[:7], Expected: "3 minutes",
		Make: func(ctx context.Context, dir string) error { return makeRelease(ctx, root, dir) },
	}, log)
}

func makeRelease(ctx context.Context, root, dir string) error {
	source := filepath.Join(dir, "source")
	if err := os.Mkdir(source, 0o750); err != nil {
		return err
	}
	const check = `git -C "$0" archive "$1" | tar -x -C "$2" || { echo "the history of this checkout lacks $1: fetch it, by git fetch --unshallow" >&2; exit 1; }`
	for _, command := range [][]string{
		{"bash", "-o", "pipefail", "-c", check, root, commit, source},
		{"make", "--silent", "--no-print-directory", "--directory", source, "binaries"},
		{"cp", "--recursive", filepath.Join(source, "manifests"), dir},
	} {
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", command[0], err, out)
		}
	}
	for _, part := range parts() {
		image := images.Image{Dockerfile: filepath.Join(source, "Dockerfile"), Context: source, Target: part, Tag: "localhost/podidentity/" + part + ":" + previous}
		if err := images.Build(ctx, image, filepath.Join(dir, part+".tar")); err != nil {
			return err
		}
	}
	return os.RemoveAll(source)
}

// installs is an upgrade or a rollback, as the document has it below a heading, after which there is nothing any more of the names gone.
func installs(release, heading string, gone ...string) func(t *testing.T, s *suite) time.Duration {
	return func(t *testing.T, s *suite) time.Duration {
		if err := install(t.Context(), s.Cluster, heading, filepath.Join(s.work, release), gone...); err != nil {
			t.Fatal(err)
		}
		tag := checkout
		if release == previous {
			tag = previous
		}
		images := strings.Fields(s.Do(t, "get", "deployments", "--namespace=pod-identity", "-o=jsonpath={.items[*].spec.template.spec.containers[*].image}"))
		for _, image := range images {
			if !strings.HasSuffix(image, ":"+tag) {
				t.Errorf("a Deployment has the image %s", image)
			}
		}
		if len(images) != 2 {
			t.Errorf("there are %d Deployments", len(images))
		}
		return 0
	}
}

// install does what the document says, where RELEASE is the directory of a release.
func install(ctx context.Context, c *cluster.Cluster, heading, directory string, gone ...string) error {
	blocks, err := platform.Blocks(page, heading)
	if err != nil {
		return err
	}
	shell := platform.Shell{Cluster: c, Dir: directory, Env: []string{"RELEASE=" + directory, "GONE=" + strings.Join(gone, " ")}}
	for _, block := range blocks {
		if _, err := shell.Run(ctx, block.Commands); err != nil {
			return err
		}
	}
	return nil
}
