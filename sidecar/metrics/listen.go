package metrics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/internal/bounded"
)

// path is the default of Prometheus.
const path = "/metrics"

// limits take less than half a megabyte: 16 connections of 25 KiB, as those of the credentials. The address of a pod is reached
// from the whole cluster, so no peer may take them all.
func limits() bounded.Limits {
	return bounded.Limits{
		Connections: 16, PeerConnections: 4, HeaderBytes: 4 << 10,
		ReadHeader: 2 * time.Second, Read: 2 * time.Second, Write: 5 * time.Second, Idle: time.Second,
	}
}

// Listen opens address for Serve.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on the address of --metrics, which can be another: %w", err)
	}
	return listener, nil
}

// Serve answers scrapes on listener until ctx is done, and returns nil. It closes listener.
func (m *Metrics) Serve(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET "+path, m)
	limits := limits()
	server := bounded.NewServer(mux, limits)
	// A connection that is kept between two scrapes would keep its buffers.
	server.SetKeepAlivesEnabled(false)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	err := server.Serve(bounded.NewListener(listener, limits))
	if stop() {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
