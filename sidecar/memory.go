package main

import (
	"context"
	"runtime/debug"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// gcPercent makes the smallest heap at which Go collects 1 MB in place of 4: anonymous memory is paid for in every pod of
// the cluster, and an idle sidecar has half a megabyte alive.
const gcPercent = 25

// trim gives memory back to the node after each exchange with STS, whose TLS and XML leave a few megabytes behind for the
// half hour to the next, until ctx is done.
func trim(ctx context.Context, keeper *credentials.Keeper) {
	debug.SetGCPercent(gcPercent)
	for {
		state := keeper.Current()
		select {
		case <-ctx.Done():
			return
		case <-state.Replaced():
			debug.FreeOSMemory()
		}
	}
}
