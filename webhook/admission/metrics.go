package admission

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Metrics counts admissions by reason, besides what controller-runtime measures of every webhook.
type Metrics struct {
	admissions *prometheus.CounterVec
}

// NewMetrics registers the metrics. Every reason is there from the start, so that rates are right from the first admission.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{admissions: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podidentity_admissions_total",
		Help: "Pods admitted, by reason: Injected, or why the pod was not injected.",
	}, []string{"reason"})}
	if err := registry.Register(m.admissions); err != nil {
		return nil, fmt.Errorf("register the metrics of admissions: %w", err)
	}
	for _, reason := range inject.Reasons() {
		m.admissions.WithLabelValues(string(reason))
	}
	return m, nil
}

func (m *Metrics) count(reason inject.Reason) {
	m.admissions.WithLabelValues(string(reason)).Inc()
}
