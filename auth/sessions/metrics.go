package sessions

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
)

// issued is the result of a call that STS answered with a session.
const issued = "Issued"

type metrics struct {
	calls *prometheus.HistogramVec
}

// newMetrics registers the metrics. Every result is there from the start, so that none appears out of nothing.
func newMetrics(registry prometheus.Registerer, cached func() float64) (*metrics, error) {
	m := &metrics{calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "podidentity_auth_sts_seconds",
		Help:    "How long calls of STS took, by result: Issued, or the exception that they ended in.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
	}, []string{"result"})}
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "podidentity_auth_sessions_cached",
		Help: "Sessions that are given again to the pod that they belong to.",
	}, cached)
	for _, collector := range []prometheus.Collector{m.calls, size} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("register the metrics of sessions: %w", err)
		}
	}
	m.calls.WithLabelValues(issued)
	for _, kind := range exception.Kinds() {
		m.calls.WithLabelValues(string(kind))
	}
	return m, nil
}

func (m *metrics) called(refused *exception.Exception, took time.Duration) {
	result := issued
	if refused != nil {
		result = string(refused.Kind)
	}
	m.calls.WithLabelValues(result).Observe(took.Seconds())
}
