package metrics

import (
	"math"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// Remaining shows for how many seconds the credentials that current tells of are still good: zero where they should be there
// and are not, and no number where the pod has no association, so that an alarm on a small number is silent there.
func (m *Metrics) Remaining(current func() *credentials.State, wall func() time.Time) {
	if m == nil {
		return
	}
	m.set.NewGauge(remainingName, func() float64 {
		state := current()
		if !state.Associated() {
			return math.NaN()
		}
		if state.Expiration().IsZero() {
			return 0
		}
		return max(0, math.Floor(state.Expiration().Sub(wall()).Seconds()))
	})
}
