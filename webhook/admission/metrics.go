package admission

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Metrics counts admissions by verdict, besides what controller-runtime measures of every webhook.
type Metrics struct {
	verdicts *prometheus.CounterVec
}

var _ Counter = (*Metrics)(nil)

// NewMetrics registers the metrics. Every verdict is there from the start, so that none appears out of nothing.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{verdicts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podidentity_admissions_total",
		Help: "Pods admitted, by verdict: Injected, or the reason why not.",
	}, []string{"verdict"})}
	if err := registry.Register(m.verdicts); err != nil {
		return nil, fmt.Errorf("register the metrics of admissions: %w", err)
	}
	for _, reason := range inject.Reasons() {
		m.verdicts.WithLabelValues(string(reason))
	}
	return m, nil
}

// Count implements Counter.
func (m *Metrics) Count(reason inject.Reason) {
	m.verdicts.WithLabelValues(string(reason)).Inc()
}
