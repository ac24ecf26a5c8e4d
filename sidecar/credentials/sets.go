package credentials

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// Sets are the credentials of all identities of a pod: one set for the pod, and one for each container that has an identity for itself. Its
// methods may be called from any goroutine.
type Sets struct {
	source     Source
	log        logrus.FieldLogger
	wall       func() time.Time
	pod        *Keeper
	whole      *Container // all containers that are not among containers
	containers map[string]*Container
	names      []string // of the containers, in order
	changed    signal

	mu    sync.Mutex    // guards start, the keepers of the containers, and the order in which identities are set
	start func(*Keeper) // has a Keeper run
}

// NewSets makes Sets without an identity, which fetch nothing before Run. Containers are those that can be told apart. Wall is the
// clock of the node: time.Now, except in tests.
func NewSets(source Source, containers []string, log logrus.FieldLogger, wall func() time.Time) *Sets {
	s := &Sets{source: source, log: log, wall: wall, containers: map[string]*Container{}, names: slices.Sorted(slices.Values(containers))}
	s.pod = New(source, log, wall)
	s.pod.published = s.changed.send
	s.whole = &Container{changed: &s.changed, pod: s.pod}
	for _, name := range s.names {
		s.containers[name] = &Container{changed: &s.changed, pod: s.pod}
	}
	s.start = func(*Keeper) {}
	return s
}

// Of is what a container is served. For an unknown or empty name it is what the pod is.
func (s *Sets) Of(container string) *Container {
	if c, ok := s.containers[container]; ok {
		return c
	}
	return s.whole
}

// Run fetches whenever a fetch is due, until ctx is done. No more than two fetches run at once.
func (s *Sets) Run(ctx context.Context) {
	var running sync.WaitGroup
	s.startWith(func(k *Keeper) { running.Go(func() { k.Run(ctx) }) })
	s.pod.Run(ctx)
	s.startWith(func(*Keeper) {})
	running.Wait()
}

// startWith has all Keepers of containers started by start, those too that are made later.
func (s *Sets) startWith(start func(*Keeper)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.start = start
	for _, c := range s.containers {
		if c.keeper != nil {
			start(c.keeper)
		}
	}
}

// SetIdentities sets the identities that the pod and its containers have from now on.
//
// A container that comes to have an identity for itself is served what it had until there is something for the new one, or until that
// expires, as by any change of an identity. One that no longer has any gets what the pod gets, at once. See Keeper.SetIdentity.
func (s *Sets) SetIdentities(r identity.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Problem != nil && r.Associated() {
		s.log.WithError(r.Problem).Warn("the identity document is invalid: the previous one stays in effect")
		return
	}
	if len(r.Containers) > 0 && len(s.containers) == 0 {
		r = identity.Reading{Problem: errors.New("it gives roles to containers, which this pod cannot tell apart, since an older webhook injected it: create the pod again")}
	}
	// In this order, so that what the pod is served passes on before it may end, and nobody sees a container without either.
	for _, id := range r.Containers {
		s.give(id)
	}
	s.pod.SetIdentity(identity.Reading{Identity: r.Identity, Problem: r.Problem})
	for _, name := range s.names {
		if _, ok := r.Own(name); !ok {
			s.containers[name].share()
		}
	}
	s.changed.send()
}

// give gives an identity to a container for itself. The lock must be held.
func (s *Sets) give(id contract.Identity) {
	log := s.log.WithField("container", id.Container)
	c, ok := s.containers[id.Container]
	if !ok {
		log.Warn("the container has an association and no authorization token: it gets no credentials")
		return
	}
	if c.keeper == nil {
		k := New(s.source, log, s.wall)
		k.container, k.slots, k.published = id.Container, s.pod.slots, s.changed.send
		s.start(k)
		c.keeper = k
	}
	if c.own.Load() == nil {
		c.keeper.inherit(c.Current().response)
	}
	c.keeper.SetIdentity(identity.Reading{Identity: id})
	c.own.Store(c.keeper)
}

// States are those of all sets: that of the pod first, then those of containers by name.
func (s *Sets) States() []*State {
	all := []*State{s.pod.Current()}
	for _, name := range s.names {
		if own := s.containers[name].own.Load(); own != nil {
			all = append(all, own.Current())
		}
	}
	return all
}

// Changed is closed when States has changed. Who waits for it calls it first, and then States.
func (s *Sets) Changed() <-chan struct{} {
	return s.changed.wait()
}
