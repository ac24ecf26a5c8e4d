package metrics

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

const (
	// path is where every Prometheus looks unless told otherwise.
	path    = "/metrics"
	timeout = 5 * time.Second
)

// Listen opens address for Serve.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for scrapes, choose another address with --metrics: %w", err)
	}
	return listener, nil
}

// Serve answers scrapes on listener until ctx is done, and returns nil. It closes listener.
func (m *Metrics) Serve(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET "+path, m)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: timeout, WriteTimeout: timeout}
	// A connection kept between two scrapes would hold its buffers for nothing.
	server.SetKeepAlivesEnabled(false)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	err := server.Serve(listener)
	if stop() {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
