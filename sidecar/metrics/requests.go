package metrics

import (
	"net/http"

	"github.com/podidentity/podidentity/sidecar/readiness"
)

// Requests counts the answers of next by their status. The kubelet's questions for readiness are none of an application.
func (m *Metrics) Requests(next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == readiness.Path {
			next.ServeHTTP(w, r)
			return
		}
		c := &counted{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(c, r)
		m.request(c.status)
	})
}

func (m *Metrics) request(status int) {
	counter, ok := m.requests[status]
	if !ok {
		counter = m.strange
	}
	counter.Inc()
}

// counted remembers the status that was sent.
type counted struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}
