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

// maxFetches run at once: each is a process, and the memory limit of the container has room for two.
const maxFetches = 2

// clockCheckInterval is how often the wall clock is checked: a timer alone would be late by the time that the node is suspended.
const clockCheckInterval = time.Minute

// Keeper keeps the credentials of one identity fresh: that of the pod, or that of a container. Its methods may be called from any
// goroutine.
type Keeper struct {
	container string // empty for the pod
	source    Source
	slots     chan struct{} // holds an element for each fetch that runs
	log       logrus.FieldLogger
	wall      func() time.Time
	state     atomic.Pointer[State]
	published func()
	wake      chan struct{}

	mu           sync.Mutex         // guards the fields below and the order in which states are published
	identity     contract.Identity  // zero if there is nothing to fetch for
	cancelFetch  context.CancelFunc // of the latest fetch, or nil
	generation   int                // counts changes of the identity, to recognise a fetch for an earlier one
	epoch        int64              // counts changes of its permissions, to recognise what was fetched for earlier ones
	due          deadline           // of the next fetch
	failures     int                // in a row
	failingSince time.Time          // when the first of them came
	refusedSince time.Time          // when the first refusal came
}

// New makes a Keeper without an identity. It fetches nothing before Run. Wall is the clock of the node: time.Now, except in tests.
func New(source Source, log logrus.FieldLogger, wall func() time.Time) *Keeper {
	k := &Keeper{
		source: source, slots: make(chan struct{}, maxFetches), log: log, wall: wall, published: func() {}, wake: make(chan struct{}, 1),
	}
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
	next.container = k.container
	k.state.Store(next)
	k.published()
}

// currentEpoch counts the changes of the permissions so far.
func (k *Keeper) currentEpoch() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.epoch
}

// inherit has what a container was served by another Keeper served until there is something of its own.
func (k *Keeper) inherit(former *response) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.publish(newState(false, former, nil))
}

// fraction is a random number in [0, 1) that spreads the pods of a fleet.
func fraction() float64 {
	return rand.Float64() //nolint:gosec // jitter is no secret
}
