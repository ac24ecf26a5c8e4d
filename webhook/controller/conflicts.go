package controller

import (
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

// conflicts remembers which status was written to each pod, so that another writer that insists is answered less and less often.
// A single foreign edit is corrected at once, and a new status of ours never waits.
type conflicts struct {
	mu     sync.Mutex
	writes map[types.UID]write
}

type write struct {
	status string
	at     time.Time
	// times is how often this status was written.
	times int
}

// backoff is how long to wait before the status is written to the pod.
func (c *conflicts) backoff(pod types.UID, status string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, written := c.writes[pod]
	if !written || last.status != status || last.times < 2 {
		return 0
	}
	backoff := min(time.Second<<min(last.times-2, 6), maxBackoff)
	return max(0, backoff-time.Since(last.at))
}

// wrote remembers a write.
func (c *conflicts) wrote(pod types.UID, status string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	times := 1
	if last := c.writes[pod]; last.status == status && time.Since(last.at) <= resetAfter {
		times = last.times + 1
	}
	c.writes[pod] = write{status: status, at: time.Now(), times: times}
}

// forget drops the writes of a deleted pod.
func (c *conflicts) forget(pod types.UID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.writes, pod)
}
