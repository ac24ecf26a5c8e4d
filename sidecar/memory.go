package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

const (
	// idleGCPercent makes the runtime collect garbage from a heap of 2 MB on instead of 4 MB: an idle sidecar uses a third of a
	// megabyte.
	idleGCPercent = 50
	// fetchGCPercent lets a fetch over TLS end without a collection in its midst. Such a collection leaves more behind than the
	// fetch itself, since what is in use at that moment is scattered over the heap.
	fetchGCPercent = 400
	// closeDelay is what the connection of a fetch needs to close and release its buffers.
	closeDelay = 200 * time.Millisecond
	// trimInterval is less than the two minutes after which the runtime collects garbage anyway and keeps the memory it used for
	// that.
	trimInterval = 110 * time.Second
	// maxProcs is enough for thousands of requests a second. The runtime keeps caches for each.
	maxProcs = 1
	// memoryLimit leaves of the 32 MiB of the container what the binary and the buffers of the kernel take: see the limits of package
	// server. The downward API could give the container's own limit. But that would be one more variable in every pod, and the bounds
	// of the server, which decide how much is needed, do not depend on it.
	memoryLimit = 18 << 20
)

// tuneRuntime tunes the Go runtime for little anonymous memory, which every pod of the cluster pays for.
func tuneRuntime() {
	runtime.GOMAXPROCS(maxProcs)
	debug.SetGCPercent(idleGCPercent)
	debug.SetMemoryLimit(memoryLimit)
}

// relaxedGC is a source that postpones garbage collection while it fetches, and then signals trim to catch up.
type relaxedGC struct {
	credentials.Source
	fetched chan<- struct{}
}

// Fetch implements credentials.Source.
func (r relaxedGC) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	debug.SetGCPercent(fetchGCPercent)
	defer func() {
		select {
		case r.fetched <- struct{}{}:
		default:
		}
	}()
	return r.Source.Fetch(ctx, id)
}

// trim returns memory to the node until ctx is done: after each fetch, whose TLS and XML leave a few megabytes behind for the
// half hour until the next, and from then on at an interval, since a burst of requests or the runtime's own collection leaves
// some too. It does nothing before the first fetch: in a pod without an association it would cost more than it saves.
func trim(ctx context.Context, fetched <-chan struct{}) {
	var next <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-next:
		case <-fetched:
			select {
			case <-ctx.Done():
				return
			case <-time.After(closeDelay):
			}
		}
		debug.FreeOSMemory()
		debug.SetGCPercent(idleGCPercent)
		next = time.After(trimInterval)
	}
}
