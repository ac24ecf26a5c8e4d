// Package metrics serves metrics of the sidecar to Prometheus. They hold no secret, and neither clients nor STS can add series.
//
// It uses VictoriaMetrics/metrics, since prometheus/client_golang takes more memory than all the rest of the sidecar.
package metrics

import (
	"fmt"
	"net/http"
	"runtime"

	"github.com/VictoriaMetrics/metrics"

	"github.com/podidentity/podidentity/internal/version"
)

const (
	requestsName  = "podidentity_requests_total"
	refreshesName = "podidentity_refreshes_total"
	remainingName = "podidentity_credentials_remaining_seconds"
	buildInfoName = "podidentity_build_info"
)

// Metrics are the metrics of one sidecar. Its methods may be called from any goroutine. A nil *Metrics counts nothing.
type Metrics struct {
	set      *metrics.Set
	requests map[int]*metrics.Counter
	// otherRequests are those with a status that has no counter of its own.
	otherRequests *metrics.Counter
	refreshes     map[string]*metrics.Counter
}

// New makes Metrics at zero. All counters exist from the start, so that a rate includes the first event.
func New() *Metrics {
	m := &Metrics{set: metrics.NewSet(), requests: map[int]*metrics.Counter{}, refreshes: map[string]*metrics.Counter{}}
	for _, status := range []int{200, 400, 401, 403, 404, 405, 503} {
		m.requests[status] = m.set.NewCounter(fmt.Sprintf("%s{code=\"%d\"}", requestsName, status))
	}
	m.otherRequests = m.set.NewCounter(requestsName + `{code="other"}`)
	for _, result := range []string{success, transient, throttled, refused} {
		m.refreshes[result] = m.set.NewCounter(fmt.Sprintf("%s{result=%q}", refreshesName, result))
	}
	m.set.NewGauge(fmt.Sprintf("%s{version=%q,goversion=%q}", buildInfoName, version.String(), runtime.Version()), func() float64 { return 1 })
	return m
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	m.set.WritePrometheus(w)
}
