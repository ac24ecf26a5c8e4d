// Package probes answers the kubelet's probes on the address of the pod. They say whether the pod has started and what is wrong, and
// hold no secret: every pod of the cluster may ask.
package probes

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/sidecar/connections"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

const (
	// elsewhere is a host that does not exist (RFC 2606). The kubelet follows no redirect to another host: it takes the probe for
	// successful and sends the body as an event of the type Warning.
	elsewhere = "http://podidentity.invalid/"
	// startWait is how long a readiness probe waits for the start, so that a pod whose credentials are about to come does not stay
	// unready until the next probe.
	startWait = 700 * time.Millisecond
)

// Listen opens address for Serve.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on the address of --%s: %w", contract.FlagProbe, err)
	}
	return listener, nil
}

// Serve answers probes on listener until ctx is done, and returns nil. It closes listener.
func Serve(ctx context.Context, listener net.Listener, status *readiness.Reporter) error {
	limits := limits()
	server := bounded.NewServer(handler(status), limits)
	server.ConnContext = connections.Context
	// The kubelet opens a connection for each probe.
	server.SetKeepAlivesEnabled(false)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	err := server.Serve(connections.New(bounded.NewListener(listener, limits), maxConnections))
	if stop() {
		return fmt.Errorf("serve probes: %w", err)
	}
	return nil
}

func handler(status *readiness.Reporter) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+contract.ReadyzPath, func(w http.ResponseWriter, r *http.Request) {
		s := status.Status()
		if !s.Started {
			connections.Distrust(r.Context()) // it waits for the start, and others not for it
			ctx, cancel := context.WithTimeout(r.Context(), startWait)
			defer cancel()
			s = status.Await(ctx, nil, func(s readiness.Status) bool { return s.Started })
		}
		if !s.Started {
			answer(w, http.StatusServiceUnavailable, s.Reason)
			return
		}
		answer(w, http.StatusOK, "the pod has started")
	})
	mux.HandleFunc("GET "+contract.LivezPath, func(w http.ResponseWriter, _ *http.Request) {
		if trouble := status.Status().Trouble; trouble != "" {
			w.Header().Set("Location", elsewhere)
			answer(w, http.StatusFound, trouble)
			return
		}
		answer(w, http.StatusOK, "all is well")
	})
	return mux
}

func answer(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(sentence)) // the client may be gone
}
