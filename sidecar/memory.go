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
	// idlePercent makes the smallest heap at which Go collects 2 MB in place of 4: an idle sidecar has a
	// third of a megabyte alive.
	idlePercent = 50
	// busyPercent lets an exchange with STS over TLS end without a collection in its midst, which leaves more behind than
	// the exchange itself: what is alive at that moment is scattered over the heap.
	busyPercent = 400
	// rundown is what the connection to STS needs to end and let go of its buffers.
	rundown = 200 * time.Millisecond
	// turn is less than the two minutes after which Go collects garbage in any case, and keeps what it used for that.
	turn = 110 * time.Second
	// threads is how many goroutines run at the same time. One serves thousands of requests a second, and Go keeps caches for each.
	threads = 1
)

// frugal sets the runtime up for a process of which every pod of the cluster has one: anonymous memory is its price.
func frugal() {
	runtime.GOMAXPROCS(threads)
	debug.SetGCPercent(idlePercent)
}

// unhurried is a source that collects no garbage while it fetches, and then tells trim to.
type unhurried struct {
	credentials.Source
	fetched chan<- struct{}
}

// Fetch implements credentials.Source.
func (u unhurried) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	debug.SetGCPercent(busyPercent)
	defer func() {
		select {
		case u.fetched <- struct{}{}:
		default:
		}
	}()
	return u.Source.Fetch(ctx, id)
}

// trim gives memory back to the node until ctx is done: after each exchange with STS, whose TLS and XML leave a few megabytes
// behind for the half hour to the next, and from then on in turns, after a load of requests or Go's own collection. Where nothing
// is ever fetched, nothing is ever collected, and to collect would cost more than it returns.
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
			case <-time.After(rundown):
			}
		}
		debug.FreeOSMemory()
		debug.SetGCPercent(idlePercent)
		next = time.After(turn)
	}
}
