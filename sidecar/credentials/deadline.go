package credentials

import "time"

// clockStep is how far the wall clock may fall behind the monotonic one before it counts as set back.
const clockStep = time.Minute

// deadline is due after a delay by either clock: the monotonic one stands still while a node is suspended, and the wall clock can be
// set. The zero deadline is due.
type deadline struct {
	set   time.Time // has a monotonic reading
	wall  time.Time
	delay time.Duration
}

func newDeadline(wall time.Time, delay time.Duration) deadline {
	return deadline{set: time.Now(), wall: wall.Round(0), delay: delay}
}

func (d deadline) isZero() bool {
	return d.set.IsZero()
}

// remaining is how long until the deadline at the time wall. If it is due, the result is zero or less.
func (d deadline) remaining(wall time.Time) time.Duration {
	if d.isZero() {
		return 0
	}
	monotonicElapsed, wallElapsed := time.Since(d.set), wall.Round(0).Sub(d.wall)
	// Once the clock is set back, the expiration that was computed by the old one is wrong.
	if wallElapsed < monotonicElapsed-clockStep {
		return 0
	}
	return d.delay - max(monotonicElapsed, wallElapsed)
}
