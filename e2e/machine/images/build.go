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
	"syscall"
)

// Image says what to build.
type Image struct {
	// Dockerfile is the path of an ordinary Dockerfile. Its stages must start from scratch: there is nowhere to pull from.
	Dockerfile string
	// Context is the directory that the Dockerfile copies from.
	Context string
	// Target is the stage to build; empty for the last one.
	Target string
	// Tag is the image's full name, as pods use it, with a host and a tag ("localhost/podidentity/webhook:e2e"): to the
	// kubelet a shorter one is an image of a registry's.
	Tag string
}

// buildScript runs its arguments in a mount namespace of their own, where /var/lib cannot be written but for one directory: buildah
// has no setting for the place of its cache of blobs, /var/lib/containers, and does without where it cannot write.
const buildScript = `
set -eu
folder=$1
shift
mount --rbind /var/lib /var/lib
mount -o remount,bind,ro /var/lib
mount --bind "$folder" "$folder"
mount -o remount,bind,rw "$folder"
exec "$@"
`

// Build builds an image into an OCI archive, by Debian's buildah. All that buildah writes is in the archive's directory, so that
// whoever removes that directory, after a crash, removes everything.
func Build(ctx context.Context, image Image, archive string) (err error) {
	dir, err := filepath.Abs(filepath.Dir(archive))
	if err != nil {
		return fmt.Errorf("build image %s: %w", image.Tag, err)
	}
	// vfs keeps whole copies of every layer, and works on every file system: scratch images are small.
	storage, err := os.MkdirTemp(dir, ".buildah-")
	if err != nil {
		return fmt.Errorf("build image %s: %w", image.Tag, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(storage)) }()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", buildScript, "build", dir,
		"buildah", "--root", filepath.Join(storage, "root"), "--runroot", filepath.Join(storage, "run"), "--storage-driver", "vfs",
		"build", "--isolation", "chroot", "--layers=false", "--quiet",
		"--file", image.Dockerfile, "--target", image.Target,
		// The same files make the same image, byte for byte.
		"--timestamp", "0",
		"--tag", "oci-archive:"+archive+":"+image.Tag,
		image.Context)
	cmd.Env = append(os.Environ(), "TMPDIR="+storage)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	return run(ctx, cmd, "build image "+image.Tag)
}

// run runs a program of the host. Its error carries what the program complained about.
func run(ctx context.Context, cmd *exec.Cmd, what string) error {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w: %s", what, err, strings.TrimSpace(output.String()))
	}
	return nil
}
