package admission

import (
	"context"

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
func (s *reservation) resize(ctx context.Context, buffer int) error {
	wanted := max(int64(buffer)-freeBytes, 0)
	if wanted > s.taken {
		if err := s.bytes.Acquire(ctx, wanted-s.taken); err != nil {
			return err
		}
	} else {
		s.bytes.Release(s.taken - wanted)
	}
	s.taken = wanted
	return nil
}

func (s *reservation) release() { s.bytes.Release(s.taken) }
