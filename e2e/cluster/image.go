package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/images"
)

const pauseDockerfile = `FROM scratch
COPY pause /pause
USER 65535:65535
ENTRYPOINT ["/pause"]
`

// loadPauseImage builds and loads the image of the container that every pod has first.
func (c *Cluster) loadPauseImage(ctx context.Context) error {
	dir := c.path("pause")
	dockerfile, archive := filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "pause.tar")
	if err := os.WriteFile(dockerfile, []byte(pauseDockerfile), 0o600); err != nil {
		return fmt.Errorf("write Dockerfile of the pause image: %w", err)
	}
	image := images.Image{Dockerfile: dockerfile, Context: dir, Tag: PauseImage}
	if err := images.Build(ctx, image, archive); err != nil {
		return err
	}
	if err := c.awaitContainerd(ctx); err != nil {
		return err
	}
	return c.LoadImage(ctx, archive)
}

// LoadImage loads the images of an OCI archive onto the node. Pods use them with imagePullPolicy Never or IfNotPresent.
func (c *Cluster) LoadImage(ctx context.Context, archive string) error {
	file, err := os.Open(archive)
	if err != nil {
		return fmt.Errorf("load image: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	if _, err := c.ctr(ctx, file, "images", "import", "-"); err != nil {
		return fmt.Errorf("load image %s: %w", archive, err)
	}
	return c.awaitImages(ctx)
}

// awaitImages waits until the kubelet's view of the images has all that containerd holds: containerd tells itself by an event,
// and a pod that is faster than it fails with ErrImageNeverPull and is tried again only seconds later.
func (c *Cluster) awaitImages(ctx context.Context) error {
	all, err := c.ctr(ctx, nil, "images", "list", "--quiet")
	if err != nil {
		return err
	}
	return poll(ctx, "the images to be usable by pods", func() error {
		seen, err := c.ctr(ctx, nil, "images", "list", "--quiet", `labels."io.cri-containerd.image"==managed`)
		if err != nil {
			return err
		}
		for _, name := range strings.Fields(all) {
			if !strings.Contains("\n"+seen, "\n"+name+"\n") {
				return errors.New(name + " is not")
			}
		}
		return nil
	})
}

func (c *Cluster) ctr(ctx context.Context, stdin *os.File, args ...string) (string, error) {
	args = append([]string{c.Binaries.Runtime.Program("ctr"), "--namespace=k8s.io"}, args...)
	if stdin == nil {
		return c.node.Output(ctx, nil, nil, args...)
	}
	return c.node.Output(ctx, stdin, nil, args...)
}
