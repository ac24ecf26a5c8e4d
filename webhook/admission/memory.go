package admission

import (
	"context"
	"errors"

	"golang.org/x/sync/semaphore"
)

// Memory bounds what all reviews of the process take together.
type Memory struct {
	bytes        *semaphore.Weighted
	small, large *semaphore.Weighted
}

// NewMemory is the memory of one process.
func NewMemory() *Memory {
	return &Memory{bytes: semaphore.NewWeighted(maxBytes), small: semaphore.NewWeighted(smallReviews), large: semaphore.NewWeighted(1)}
}

// slots are those in which reviews of this size are decoded.
func (m *Memory) slots(small bool) *semaphore.Weighted {
	if small {
		return m.small
	}
	return m.large
}

// reservation is what one review has taken of the bytes.
type reservation struct {
	bytes *semaphore.Weighted
	taken int64
}

// resize makes the reservation fit a buffer. It waits until there is room or ctx ends.
func (r *reservation) resize(ctx context.Context, buffer int) error {
	return r.fit(buffer, func(bytes int64) error { return acquire(ctx, r.bytes, bytes) })
}

// acquire waits until ctx ends, and not at all for what is free: a review that only this process has made late is not turned away.
func acquire(ctx context.Context, from *semaphore.Weighted, n int64) error {
	if from.TryAcquire(n) {
		return nil
	}
	return from.Acquire(ctx, n)
}

var errNoMemory = errors.New("there is no memory for the answer")

// tryResize is resize, but it does not wait: whoever holds a slot must not wait for those who wait for one.
func (r *reservation) tryResize(buffer int) error {
	return r.fit(buffer, func(bytes int64) error {
		if !r.bytes.TryAcquire(bytes) {
			return errNoMemory
		}
		return nil
	})
}

func (r *reservation) fit(buffer int, acquire func(bytes int64) error) error {
	wanted := max(int64(buffer)-freeBytes, 0)
	if wanted <= r.taken {
		r.bytes.Release(r.taken - wanted)
	} else if err := acquire(wanted - r.taken); err != nil {
		return err
	}
	r.taken = wanted
	return nil
}

func (r *reservation) release() { r.bytes.Release(r.taken) }
