package metrics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// path is the default of Prometheus.
	path    = "/metrics"
	timeout = 5 * time.Second
)

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
	server := &http.Server{Handler: mux, ReadHeaderTimeout: timeout, WriteTimeout: timeout}
	// A connection that is kept between two scrapes would keep its buffers.
	server.SetKeepAlivesEnabled(false)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	err := server.Serve(listener)
	if stop() {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
