package api

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
)

// Metrics counts requests by result.
type Metrics struct {
	requests *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podidentity_auth_requests_total",
		Help: "Requests by result: Issued, or the exception of the response.",
	}, []string{"result"})}
	if err := registry.Register(m.requests); err != nil {
		return nil, fmt.Errorf("register the metrics of requests: %w", err)
	}
	for _, result := range exception.Results() {
		m.requests.WithLabelValues(result)
	}
	return m, nil
}

func (m *Metrics) count(refused *exception.Exception) {
	m.requests.WithLabelValues(exception.Result(refused)).Inc()
}
