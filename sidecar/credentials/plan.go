package credentials

import "time"

// stepBack is how far the wall clock may fall behind before it counts as set by somebody.
const stepBack = time.Minute

// plan is when the next fetch is due. Two clocks are asked: the monotonic one stands still while a node is suspended, the
// wall clock can be set. The zero plan is due.
type plan struct {
	made  time.Time // carries the monotonic reading
	wall  time.Time
	delay time.Duration
}

func newPlan(wall time.Time, delay time.Duration) plan {
	return plan{made: time.Now(), wall: wall.Round(0), delay: delay}
}

// left is how long until the fetch is due, at the wall time; zero or less where it is.
func (p plan) left(wall time.Time) time.Duration {
	if p.made.IsZero() {
		return 0
	}
	monotonic, civil := time.Since(p.made), wall.Round(0).Sub(p.wall)
	// Whoever set the clock back has made the expiry that was worked out before worthless.
	if civil < monotonic-stepBack {
		return 0
	}
	return p.delay - max(monotonic, civil)
}
