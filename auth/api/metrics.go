package api

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
)

// issued is the result of a request that was answered with a session.
const issued = "Issued"

// Metrics counts requests by result.
type Metrics struct {
	requests *prometheus.CounterVec
}

// NewMetrics registers the metrics. Every result is there from the start, so that none appears out of nothing.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podidentity_auth_requests_total",
		Help: "Requests of pods, by result: Issued, or the exception that was the answer.",
	}, []string{"result"})}
	if err := registry.Register(m.requests); err != nil {
		return nil, fmt.Errorf("register the metrics of requests: %w", err)
	}
	m.requests.WithLabelValues(issued)
	for _, kind := range exception.Kinds() {
		m.requests.WithLabelValues(string(kind))
	}
	return m, nil
}

func (m *Metrics) count(refused *exception.Exception) {
	if refused == nil {
		m.requests.WithLabelValues(issued).Inc()
		return
	}
	m.requests.WithLabelValues(string(refused.Kind)).Inc()
}
