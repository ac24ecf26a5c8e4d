package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/node"
)

func (c *Cluster) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready after %s", startTimeout))
	defer cancel()
	ctx, c.fail = context.WithCancelCause(ctx)
	defer c.fail(nil)

	err := c.steps(ctx)
	// Why the others were told to stop says more than that they did.
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// steps starts the components, each as soon as what it cannot wait for by itself is there.
func (c *Cluster) steps(ctx context.Context) error {
	if err := c.prepare(ctx); err != nil {
		return err
	}
	if err := c.run(c.etcd(), c.apiServer(), c.containerd()); err != nil {
		return err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return c.startControllers(groupCtx) })
	group.Go(func() error { return c.startNode(groupCtx) })
	group.Go(func() error { return c.loadPauseImage(groupCtx) })
	if err := group.Wait(); err != nil {
		return err
	}
	return c.awaitUsable(ctx)
}

// prepare makes the node and all files, but starts no component.
func (c *Cluster) prepare(ctx context.Context) error {
	for _, dir := range []string{c.path("config", "cni"), c.path("pause"), c.Dir("audit")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("create directory of the cluster: %w", err)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(c.writeConfig)
	group.Go(c.writeCredentials)
	group.Go(c.writeNodeConfig)
	group.Go(c.writeKubectl)
	group.Go(func() error {
		if err := binaries.Static(ctx, c.path("pause", "pause"), "machine/pause"); err != nil {
			return err
		}
		return c.createNode(ctx)
	})
	return group.Wait()
}

func (c *Cluster) createNode(ctx context.Context) (err error) {
	c.node, err = node.Create(ctx, node.Config{
		Name: nodeName(c.Name),
		Dir:  stateDir(c.Name),
		Init: c.path("pause", "pause"),
		Keep: []string{c.Binaries.Kubernetes, c.Binaries.Etcd, c.Binaries.MinIO, c.Binaries.Runtime.Containerd, c.Binaries.Runtime.Runc},
	})
	if err != nil {
		return err
	}
	return c.node.Configure(ctx, c.Family.links())
}

// startControllers starts those that give up without an API server.
func (c *Cluster) startControllers(ctx context.Context) error {
	if err := c.awaitAPIServer(ctx); err != nil {
		return err
	}
	if err := c.run(c.controllerManager(), c.scheduler(), c.proxy()); err != nil {
		return err
	}
	return c.openDiscovery(ctx)
}

// startNode starts the kubelet: without containerd it gives up, and without an API server it waits longer each time it asks.
func (c *Cluster) startNode(ctx context.Context) error {
	if err := c.awaitContainerd(ctx); err != nil {
		return err
	}
	if err := c.awaitAPIServer(ctx); err != nil {
		return err
	}
	return c.run(c.kubelet())
}

// run starts components. One that ends while the cluster still starts, ends the start.
func (c *Cluster) run(daemons ...daemon) error {
	for _, d := range daemons {
		if _, err := c.supervise(d); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) supervise(d daemon) (*node.Process, error) {
	process, err := c.node.Start(d.name, d.env, d.argv...)
	if err != nil {
		return nil, err
	}
	go func() {
		<-process.Done()
		c.fail(process.Err())
	}()
	return process, nil
}

func notEmpty(err error) bool { return errors.Is(err, unix.ENOTEMPTY) }
