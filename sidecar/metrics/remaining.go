package metrics

import (
	"math"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// RegisterRemaining has the seconds until the credentials expire served, before the first scrape. It is 0 if they are missing, and NaN if the pod has
// no association, so that an alert on a low value does not fire.
func (m *Metrics) RegisterRemaining(current func() *credentials.State, wall func() time.Time) {
	if m == nil {
		return
	}
	m.remaining = func() float64 {
		state := current()
		if !state.Associated() {
			return math.NaN()
		}
		if state.Expiration().IsZero() {
			return 0
		}
		return max(0, math.Floor(state.Expiration().Sub(wall()).Seconds()))
	}
}
