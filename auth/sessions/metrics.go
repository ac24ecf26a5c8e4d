package sessions

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/exception"
)

type metrics struct {
	calls   *prometheus.HistogramVec
	waiting prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer, cached func() float64) (*metrics, error) {
	m := &metrics{calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "podidentity_auth_sts_seconds",
		Help:    "Duration of calls of STS, by result: Issued, or the exception that the client gets.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
	}, []string{"result"}), waiting: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "podidentity_auth_sts_waiting",
		Help: "Calls of STS that wait for --sts-rate.",
	})}
	size := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "podidentity_auth_sessions_cached",
		Help: "Sessions in the cache.",
	}, cached)
	for _, collector := range []prometheus.Collector{m.calls, m.waiting, size} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("register the metrics of sessions: %w", err)
		}
	}
	for _, result := range exception.Results() {
		m.calls.WithLabelValues(result)
	}
	return m, nil
}

func (m *metrics) observe(failure *exception.Exception, duration time.Duration) {
	m.calls.WithLabelValues(exception.Result(failure)).Observe(duration.Seconds())
}
