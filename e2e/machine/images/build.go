// Package images makes container images without Docker and without a registry: an OCI archive each, which a cluster loads.
package images

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Image says what to build.
type Image struct {
	// Dockerfile is the path of an ordinary Dockerfile. Its stages must start from scratch: there is nowhere to pull from.
	Dockerfile string
	// Context is the folder that the Dockerfile copies from.
	Context string
	// Target is the stage to build; empty for the last one.
	Target string
	// Tag is the image's full name, as pods use it, with a host and a tag ("localhost/podidentity/webhook:e2e"): to the
	// kubelet a shorter one is an image of a registry's.
	Tag string
}

// Build builds an image into an OCI archive, by Debian's buildah. All that buildah writes is in the archive's folder meanwhile, so
// that who removes that folder, after a crash, removes everything.
func Build(ctx context.Context, image Image, archive string) (err error) {
	// vfs keeps whole copies of every layer, and works on every file system: scratch images are small.
	storage, err := os.MkdirTemp(filepath.Dir(archive), ".buildah-")
	if err != nil {
		return fmt.Errorf("build image %s: %w", image.Tag, err)
	}
	forget := blobCache()
	defer func() { err = errors.Join(err, os.RemoveAll(storage), forget()) }()
	args := []string{
		"--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run"), "--storage-driver", "vfs",
		"build", "--isolation", "chroot", "--layers=false", "--quiet",
		"--file", image.Dockerfile, "--target", image.Target,
		// The same files make the same image, byte for byte.
		"--timestamp", "0",
		"--tag", "oci-archive:" + archive + ":" + image.Tag,
		image.Context,
	}
	return run(ctx, "", "build image "+image.Tag, "buildah", args...)
}

// blobCache returns a function that removes the one file that buildah writes elsewhere, and for which it has no setting, unless
// it was there before: then it belongs to somebody who uses buildah, or podman, otherwise.
func blobCache() (forget func() error) {
	const root = "/var/lib/containers"
	if _, err := os.Stat(root); err == nil {
		return func() error { return nil }
	}
	return func() error {
		for _, path := range []string{"cache/blob-info-cache-v1.boltdb", "cache/blob-info-cache-v1.sqlite", "cache", ""} {
			err := os.Remove(filepath.Join(root, path))
			if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, unix.ENOTEMPTY) {
				return fmt.Errorf("remove what buildah left: %w", err)
			}
		}
		return nil
	}
}

// run runs a program of the host. Its error carries what the program complained about.
func run(ctx context.Context, dir, what, name string, args ...string) error {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %s: %w: %s", what, name, err, strings.TrimSpace(output.String()))
	}
	return nil
}
