package cluster

import (
	"context"
)

// StartAPIServer starts the API server once more, after a test has killed it, and returns when it is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	if err := c.run(c.apiServer()); err != nil {
		return err
	}
	return c.awaitAPIServer(ctx)
}
