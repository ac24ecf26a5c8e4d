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

// clockCheckInterval is how often the wall clock is checked: a timer alone would be late by the time that the node is suspended.
const clockCheckInterval = time.Minute

// Keeper keeps the credentials of the pod's identity fresh. Its methods may be called from any goroutine.
type Keeper struct {
	source Source
	log    logrus.FieldLogger
	wall   func() time.Time
	state  atomic.Pointer[State]
	wake   chan struct{}

	mu           sync.Mutex         // guards the fields below and the order in which states are published
	identity     contract.Identity  // zero if there is nothing to fetch for
	cancelFetch  context.CancelFunc // of the latest fetch, or nil
	generation   int                // counts changes of the identity, to recognise a fetch for an earlier one
	due          deadline           // of the next fetch
	failures     int                // in a row
	failingSince time.Time          // when the first of them came
	refusedSince time.Time          // when the first refusal came
}

// New makes a Keeper without an identity. It fetches nothing before Run. Wall is the clock of the node: time.Now, except in tests.
func New(source Source, log logrus.FieldLogger, wall func() time.Time) *Keeper {
	k := &Keeper{source: source, log: log, wall: wall, wake: make(chan struct{}, 1)}
	k.state.Store(newState(false, nil, nil))
	return k
}

// Current returns the latest state. It takes no lock.
func (k *Keeper) Current() *State {
	return k.state.Load()
}

// Wake makes Run check whether a fetch is due by the wall clock, as it may be after the node was suspended. It does not shorten the
// pause after a failure, and never blocks.
func (k *Keeper) Wake() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Run fetches whenever a fetch is due, one at a time, until ctx is done.
func (k *Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil {
		remaining, associated := k.remaining()
		if associated && remaining <= 0 {
			k.fetch(ctx)
			continue
		}
		var check <-chan time.Time
		if associated {
			check = time.After(min(remaining, clockCheckInterval))
		}
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-check:
		}
	}
}

// remaining is the time until the next fetch.
func (k *Keeper) remaining() (remaining time.Duration, associated bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.due.remaining(k.wall()), k.identity != contract.Identity{}
}

// publish replaces the current state. The lock must be held.
func (k *Keeper) publish(next *State) {
	close(k.state.Swap(next).replaced)
}

// fraction is a random number in [0, 1) that spreads the pods of a fleet.
func fraction() float64 {
	return rand.Float64() //nolint:gosec // jitter is no secret
}
