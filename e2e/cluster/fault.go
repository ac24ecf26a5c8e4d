package cluster

import (
	"context"
	"errors"
)

// StartAPIServer starts the API server once more, after a test has killed it, and returns when it is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	// Until the one before is gone it has the port.
	err := poll(ctx, "the end of the API server", func() error {
		running, err := c.node.Running("kube-apiserver")
		if running {
			return errors.New("it still runs")
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := c.run(c.apiServer()); err != nil {
		return err
	}
	return c.awaitAPIServer(ctx)
}
