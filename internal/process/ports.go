package process

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podidentity/podidentity/internal/bounded"
)

// maxScrapes are answered at once: each gathers all metrics, about 1 MB.
const maxScrapes = 3

// portLimits are those of each of the two ports: 128 connections of 25 KB are 3 MB. A kubelet opens one for each probe; no pod
// can keep it out.
func portLimits() bounded.Limits {
	return bounded.Limits{
		Connections: 128, PeerConnections: 8, HeaderBytes: 4 << 10,
		ReadHeader: 2 * time.Second, Read: 2 * time.Second, Write: 10 * time.Second, Idle: 10 * time.Second,
	}
}

// Ports are the addresses for probes and for Prometheus; "0" is none. controller-runtime's own servers take headers of 1 MB, and
// any number of connections.
type Ports struct {
	// Health is the address of /healthz and /readyz.
	Health string
	// Metrics is the address of /metrics.
	Metrics string
}

// Add has the manager serve the ports. The process is ready when all checks succeed.
func (p Ports) Add(mgr manager.Manager, ready map[string]healthz.Checker) error {
	health := http.NewServeMux()
	addProbe(health, "/healthz", map[string]healthz.Checker{"ping": healthz.Ping})
	addProbe(health, "/readyz", ready)
	scrapes := http.NewServeMux()
	scrapes.Handle("/metrics", promhttp.HandlerFor(metrics.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes}))
	return errors.Join(serve(mgr, "health", p.Health, health), serve(mgr, "metrics", p.Metrics, scrapes))
}

// addProbe serves all checks, and each on a path of its own.
func addProbe(mux *http.ServeMux, path string, checks map[string]healthz.Checker) {
	handler := http.StripPrefix(path, &healthz.Handler{Checks: checks})
	mux.Handle(path, handler)
	mux.Handle(path+"/", handler)
}

func serve(mgr manager.Manager, name, address string, handler http.Handler) error {
	if address == "0" {
		return nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for %s: %w", name, err)
	}
	limits := portLimits()
	return mgr.Add(&manager.Server{Name: name, Listener: bounded.NewListener(listener, limits), Server: bounded.NewServer(handler, limits)})
}
