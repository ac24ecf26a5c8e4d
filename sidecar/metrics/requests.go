package metrics

import (
	"net/http"
	"strconv"

	"github.com/podidentity/podidentity/sidecar/readiness"
)

// InstrumentHandler counts the requests to next by status, except those for readiness, which come from the kubelet.
func (m *Metrics) InstrumentHandler(next http.Handler) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == readiness.Path {
			next.ServeHTTP(w, r)
			return
		}
		c := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(c, r)
		m.requests.increment(strconv.Itoa(c.status))
	})
}

// statusRecorder records the status that was sent.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (c *statusRecorder) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}
