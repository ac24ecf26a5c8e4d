package credentials

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
)

// heartbeat is how often the wall clock is looked at: a timer alone would sleep through the suspension of the node.
const heartbeat = time.Minute

// Keeper keeps the credentials of the pod's identity. Its methods may be called from any goroutine.
type Keeper struct {
	source Source
	log    logrus.FieldLogger
	wall   func() time.Time
	state  atomic.Pointer[State]
	wake   chan struct{}

	mu       sync.Mutex // guards what follows and the order in which states are published
	identity contract.Identity
	wanted   bool               // identity is to be fetched for
	abandon  context.CancelFunc // of the fetch under way
	turn     int                // counts identities, so that a fetch for an earlier one is recognised
	plan     plan
	attempts int       // failures in a row
	doubted  time.Time // the first of the Doubtful ones
}

// New makes a Keeper of a pod of which nothing is known yet; it fetches nothing before Run. Of wall, the clock of the
// node, only tests need another than time.Now.
func New(source Source, log logrus.FieldLogger, wall func() time.Time) *Keeper {
	k := &Keeper{source: source, log: log, wall: wall, wake: make(chan struct{}, 1)}
	k.state.Store(newState(false, nil, nil))
	return k
}

// Current is what is known now. It takes no lock.
func (k *Keeper) Current() *State {
	return k.state.Load()
}

// Nudge has a fetch made at once that is due by the wall clock, say because the node was suspended. It does not shorten
// the pause after a failure, and never blocks.
func (k *Keeper) Nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run fetches whenever it is due, one fetch at a time, until ctx is done.
func (k *Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		left, wanted := k.left()
		if wanted && left <= 0 {
			k.fetch(ctx)
			continue
		}
		var beat <-chan time.Time
		if wanted {
			beat = time.After(min(left, heartbeat))
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-beat:
		}
	}
}

func (k *Keeper) left() (left time.Duration, wanted bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.plan.left(k.wall()), k.wanted
}

// publish replaces the current state. The lock must be held.
func (k *Keeper) publish(next *State) {
	close(k.state.Swap(next).replaced)
}

// fraction is a random number in [0, 1) that spreads the pods of a fleet.
func fraction() float64 {
	return rand.Float64() //nolint:gosec // jitter is no secret
}
