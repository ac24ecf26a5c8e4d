package credentials

import (
	"sync/atomic"

	"github.com/podidentity/podidentity/sidecar/identity"
)

// Container is what one container is served: the set of the pod, or one for itself. Its methods may be called from any goroutine.
type Container struct {
	changed *signal
	pod     *Keeper
	keeper  *Keeper // made when it first has an identity for itself
	// own is the keeper while it has one.
	own atomic.Pointer[Keeper]
	// since is the epoch of the pod in which it came to share the pod's set. What was fetched in an earlier one was never its own.
	since atomic.Int64
}

// Current returns the latest state. It takes no lock.
func (c *Container) Current() *State {
	for {
		own := c.own.Load()
		state := c.of(own)
		if c.own.Load() == own {
			return state
		}
	}
}

func (c *Container) of(own *Keeper) *State {
	if own != nil {
		return own.Current()
	}
	state := c.pod.Current()
	if state.response != nil && state.response.epoch < c.since.Load() {
		return state.without()
	}
	return state
}

// Changed is closed when Current may have changed. Who waits for it calls it first, and then Current.
func (c *Container) Changed() <-chan struct{} {
	return c.changed.wait()
}

// Wake makes the Keeper of the set check whether a fetch is due. It never blocks.
func (c *Container) Wake() {
	if own := c.own.Load(); own != nil {
		own.Wake()
		return
	}
	c.pod.Wake()
}

// share ends what the container has for itself. The lock of Sets must be held.
func (c *Container) share() {
	if c.own.Load() == nil {
		return
	}
	c.since.Store(c.pod.currentEpoch())
	c.own.Store(nil)
	c.keeper.SetIdentity(identity.Reading{})
}
