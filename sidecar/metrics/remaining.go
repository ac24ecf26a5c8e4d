package metrics

import (
	"math"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// RegisterRemaining has the seconds until the credentials expire served, before the first scrape: the least of all sets. It is 0 if some are
// missing, and NaN if nothing has an association, so that an alert on a low value does not fire.
func (m *Metrics) RegisterRemaining(states func() []*credentials.State, wall func() time.Time) {
	if m == nil {
		return
	}
	m.remaining = func() float64 {
		least, now := math.NaN(), wall()
		for _, state := range states() {
			if !state.Associated() {
				continue
			}
			left := 0.0
			if !state.Expiration().IsZero() {
				left = max(0, math.Floor(state.Expiration().Sub(now).Seconds()))
			}
			if !(left >= least) { // also where there is no least one yet
				least = left
			}
		}
		return least
	}
}
