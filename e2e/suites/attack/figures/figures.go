// Package figures counts what those see who are not attacked: how many of their requests failed, and how long the others took.
package figures

import (
	"slices"
	"sync"
	"time"
)

// maxComplaints are enough to see what is wrong.
const maxComplaints = 5

// Figures are those of one period.
type Figures struct {
	Failed int
	// Took has the time of each request that was answered as it should be.
	Took []time.Duration
	// Complaints are some of the reasons of those that failed.
	Complaints []string
}

// P99 is the 99th percentile of the times, or 0 if there are none.
func (f Figures) P99() time.Duration {
	if len(f.Took) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f.Took))
	return sorted[(len(sorted)*99+99)/100-1]
}

// Late is how many requests failed or took longer.
func (f Figures) Late(longer time.Duration) int {
	late := f.Failed
	for _, took := range f.Took {
		if took > longer {
			late++
		}
	}
	return late
}

// Counter collects the figures of requests that are sent side by side.
type Counter struct {
	mu   sync.Mutex
	seen Figures
}

// Count counts one request. complaint is why it failed, or "".
func (c *Counter) Count(took time.Duration, complaint string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if complaint == "" {
		c.seen.Took = append(c.seen.Took, took)
		return
	}
	c.seen.Failed++
	if len(c.seen.Complaints) < maxComplaints && !slices.Contains(c.seen.Complaints, complaint) {
		c.seen.Complaints = append(c.seen.Complaints, complaint)
	}
}

// Take returns the figures since it was called last.
func (c *Counter) Take() Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	seen := c.seen
	c.seen = Figures{}
	return seen
}
