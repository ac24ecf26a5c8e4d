package cluster

import (
	"context"
	"errors"
)

// StartAPIServer starts the API server once more, after a test has killed it, and returns when it is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.restart(ctx, c.apiServer()); err != nil {
		return err
	}
	return c.awaitAPIServer(ctx)
}

// StartKubelet starts the kubelet once more, after a test has killed it.
func (c *Cluster) StartKubelet(ctx context.Context) error { return c.restart(ctx, c.kubelet()) }

// restart starts a component once the one before is gone: until then that has the port.
func (c *Cluster) restart(ctx context.Context, component daemon) error {
	err := poll(ctx, "the end of "+component.name, func() error {
		running, err := c.node.Running(component.name)
		if running {
			return errors.New("it still runs")
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.run(component)
}
