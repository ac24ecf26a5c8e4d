// Package metrics serves metrics of the sidecar to Prometheus. They hold no secret, and neither clients nor STS can add series.
//
// It writes the text format itself: prometheus/client_golang takes more memory than all the rest of the sidecar.
package metrics

import (
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"

	"github.com/podidentity/podidentity/internal/version"
)

// counters count by the value of one label. All values exist from the start, so that a rate includes the first event.
type counters struct {
	values []string
	counts []atomic.Uint64
}

func newCounters(values ...string) counters {
	return counters{values, make([]atomic.Uint64, len(values))}
}

// increment counts one event; a value that is unknown counts as the last one.
func (c counters) increment(value string) {
	i := 0
	for i < len(c.values)-1 && c.values[i] != value {
		i++
	}
	c.counts[i].Add(1)
}

// samples are the values of the counters, by their labels.
func (c counters) samples(label string) []sample {
	all := make([]sample, len(c.values))
	for i, value := range c.values {
		all[i] = sample{fmt.Sprintf("{%s=%q}", label, value), float64(c.counts[i].Load())}
	}
	return all
}

// Metrics are the metrics of one sidecar. Its methods may be called from any goroutine. A nil *Metrics counts nothing.
type Metrics struct {
	requests, refreshes counters
	// refreshed is when the last fetch succeeded, in Unix seconds.
	refreshed atomic.Int64
	remaining func() float64
}

// New makes Metrics at zero.
func New() *Metrics {
	return &Metrics{
		requests:  newCounters("200", "400", "401", "403", "404", "405", "503", "other"),
		refreshes: newCounters(success, throttled, refused, transient),
		remaining: math.NaN,
	}
}

// family is a metric in the text format of Prometheus.
type family struct {
	name, kind, help string
	samples          []sample
}

type sample struct {
	labels string
	value  float64
}

func (m *Metrics) families() []family {
	return []family{
		{"podidentity_build_info", "gauge", "Always 1. The labels have the version of the binary, and that of Go.", []sample{
			{fmt.Sprintf("{version=%q,goversion=%q}", version.String(), runtime.Version()), 1},
		}},
		{"podidentity_credentials_remaining_seconds", "gauge",
			"How long the credentials are still valid, the least of all sets: 0 where some are missing or have expired, NaN where the pod has no identity.", []sample{{"", m.remaining()}}},
		{"podidentity_last_refresh_timestamp_seconds", "gauge", "When credentials were last fetched, in Unix seconds; 0 before the first.", []sample{{"", float64(m.refreshed.Load())}}},
		{"podidentity_refreshes_total", "counter", "Fetches of credentials by result: success, transient, throttled or refused.", m.refreshes.samples("result")},
		{"podidentity_requests_total", "counter", "Requests of applications by status; a status that the sidecar does not send itself is other.", m.requests.samples("code")},
	}
}

// ServeHTTP answers a scrape.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	var text []byte
	for _, f := range m.families() {
		text = fmt.Appendf(text, "# HELP %s %s\n# TYPE %s %s\n", f.name, f.help, f.name, f.kind)
		for _, s := range f.samples {
			text = append(append(text, f.name...), s.labels...)
			text = append(strconv.AppendFloat(append(text, ' '), s.value, 'f', -1, 64), '\n')
		}
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(text) // a client that has gone away does not matter
}
