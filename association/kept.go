package association

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

const (
	// grace is how long an association that is not applied again is kept after the return of the definition: a backup is applied one
	// association after the other, by someone who may have to look for it first.
	grace = 10 * time.Minute
	// idle is how long to wait where nothing is to be decided. A deletion or a return ends it.
	idle = 24 * time.Hour
)

// keeper decides which deletions of associations count: those while their definition is there.
type keeper struct {
	index      *Index
	definition *Definition
	changes    *Changes
	log        logrus.FieldLogger
	// wake has something to be decided now.
	wake chan struct{}

	mu    sync.Mutex
	known map[string]*knownAssociation
	// deadline is when the grace ends.
	deadline time.Time
}

// knownAssociation is one that the index has, or had no use for.
type knownAssociation struct {
	namespace Pattern
	// former is of a definition that is no more.
	former bool
	// deleted is whether the API server no longer has it.
	deleted bool
}

func newKeeper(definition *Definition, changes *Changes, log logrus.FieldLogger) *keeper {
	k := &keeper{
		index: NewIndex(), definition: definition, changes: changes, log: log,
		wake: make(chan struct{}, 1), known: map[string]*knownAssociation{},
	}
	definition.onReturn(k.returned)
	return k
}

// set takes an association that exists into the index. It holds the lock, so that no decision on an earlier one of the name comes between.
func (k *keeper) set(a *v1alpha1.PodIdentityAssociation) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known[a.Name] = &knownAssociation{namespace: Pattern(a.Spec.Namespace)}
	if err := k.index.Set(a); err != nil {
		k.log.WithError(err).Error("an association cannot be used")
	}
}

// delete notes that the API server no longer has an association. Whether that counts is decided at once, but not here: events
// must not wait for a request.
func (k *keeper) delete(name string) {
	k.mu.Lock()
	if a := k.known[name]; a != nil {
		a.deleted = true
	}
	k.mu.Unlock()
	k.decide()
}

func (k *keeper) decide() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// returned begins the grace. Until it ends, an association that exists takes precedence over one of the same selector that does not.
func (k *keeper) returned() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.deadline = time.Now().Add(grace)
	for _, a := range k.known {
		a.former = true
	}
	k.index.yieldAll()
	k.decide()
}

// run decides until ctx is done.
func (k *keeper) run(ctx context.Context) {
	for {
		next := time.NewTimer(k.settle(ctx))
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-next.C:
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// settle decides on what is deleted by now, and returns when to decide again.
func (k *keeper) settle(ctx context.Context) time.Duration {
	// First what is deleted, then the definition: that of a deletion is gone before it, if at all.
	deleted := k.deleted()
	if len(deleted) == 0 {
		return idle
	}
	if served, err := k.definition.served(ctx); err != nil || !served {
		return retryInterval
	}
	k.mu.Lock()
	now, next := time.Now(), idle
	var dropped []Pattern
	for name, a := range deleted {
		switch {
		case k.known[name] != a: // exists again
		case a.former && now.Before(k.deadline):
			next = k.deadline.Sub(now)
		default:
			if a.former {
				k.log.WithField("association", name).Warn("an association was not applied again after the return of its CustomResourceDefinition: it is dropped")
			}
			delete(k.known, name)
			k.index.Delete(name)
			dropped = append(dropped, a.namespace)
		}
	}
	k.mu.Unlock()
	for _, namespace := range dropped {
		k.changes.Notify(namespace)
	}
	return next
}

func (k *keeper) deleted() map[string]*knownAssociation {
	k.mu.Lock()
	defer k.mu.Unlock()
	deleted := map[string]*knownAssociation{}
	for name, a := range k.known {
		if a.deleted {
			deleted[name] = a
		}
	}
	return deleted
}
