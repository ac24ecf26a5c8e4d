// Package process has what the long-lived servers share, so that each logs, starts and stops in the same way.
package process

import (
	"context"
	"time"
)

// Drain returns a context that ends the given period after ctx: until then, clients that have not yet seen this replica leave
// its Service still call it. The images have no other program that a preStop hook could run.
func Drain(ctx context.Context, period time.Duration) context.Context {
	drained, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		time.AfterFunc(period, cancel)
	})
	return drained
}
