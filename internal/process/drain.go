// Package process has what the long-lived servers share, so that each logs, starts and stops in the same way.
package process

import (
	"context"
	"time"
)

// Drain returns a context that ends the given period after ctx: until then, clients that have not yet seen this replica leave
// its Service still call it. A preStop hook that sleeps does the same from Kubernetes 1.34 on. Before, its feature gate may be off, as
// on kubelets of 1.29, which API servers of 1.30 to 1.32 have: then the pod ends at once, and nothing says so.
func Drain(ctx context.Context, period time.Duration) context.Context {
	drained, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		time.AfterFunc(period, cancel)
	})
	return drained
}
