package api

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
)

// Metrics counts requests by result, and those in progress.
type Metrics struct {
	requests   *prometheus.CounterVec
	inProgress prometheus.Gauge
}

// NewMetrics registers the metrics.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podidentity_auth_requests_total",
		Help: "Requests by result: Issued, or the exception of the response.",
	}, []string{"result"}), inProgress: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "podidentity_auth_requests_in_progress",
		Help: "Requests in progress.",
	})}
	if err := errors.Join(registry.Register(m.requests), registry.Register(m.inProgress)); err != nil {
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
