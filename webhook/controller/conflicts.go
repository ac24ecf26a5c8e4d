package controller

import (
	"hash/maphash"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// maxBackoff bounds how long the values of another writer stay.
	maxBackoff = time.Minute
	// resetAfter is how long after the last write a pod's conflicts are forgotten.
	resetAfter = 10 * time.Minute
)

// conflicts remembers which annotations were written to each pod, so that another writer that insists is answered less and less often.
// A single foreign edit is corrected at once, and a new status of ours never waits.
type conflicts struct {
	seed   maphash.Seed
	mu     sync.Mutex
	writes map[types.UID]write
}

// write is the last one to a pod. Of texts it has the hashes: there are as many as pods, and the cache has the texts already.
type write struct {
	status uint64
	at     time.Time
	// times is how often this status was written.
	times int
	// intended is of the annotations that were to be written last, and arrived is whether the pod was seen with them.
	intended uint64
	arrived  bool
}

func newConflicts() *conflicts {
	return &conflicts{seed: maphash.MakeSeed(), writes: map[types.UID]write{}}
}

// backoff is how long to wait before the status is written to the pod.
func (c *conflicts) backoff(pod types.UID, status string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, written := c.writes[pod]
	if !written || last.status != maphash.Comparable(c.seed, status) || last.times < 2 {
		return 0
	}
	backoff := min(time.Second<<min(last.times-2, 6), maxBackoff)
	return max(0, backoff-time.Since(last.at))
}

// intends remembers what is about to be written, and reports whether the pod has had it already, so that somebody else has changed it.
func (c *conflicts) intends(pod types.UID, wanted annotations) (disputed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, intended := c.writes[pod], maphash.Comparable(c.seed, wanted)
	disputed = last.arrived && last.intended == intended
	last.intended, last.arrived = intended, false
	c.writes[pod] = last
	return disputed
}

// seen remembers that the pod has these annotations.
func (c *conflicts) seen(pod types.UID, present annotations) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last, known := c.writes[pod]; known && last.intended == maphash.Comparable(c.seed, present) {
		last.arrived = true
		c.writes[pod] = last
	}
}

// wrote remembers a write.
func (c *conflicts) wrote(pod types.UID, status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, written := c.writes[pod], maphash.Comparable(c.seed, status)
	if last.status != written || time.Since(last.at) > resetAfter {
		last.times = 0
	}
	last.status, last.at, last.times = written, time.Now(), last.times+1
	c.writes[pod] = last
}

// forget drops the writes of a deleted pod.
func (c *conflicts) forget(pod types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.writes, pod)
}
