package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/internal/bounded"
)

// addServer has the manager serve the handler by TLS. It does not listen before it is ready, since every client retries after a
// refused connection, but not after a failed handshake.
func addServer(mgr manager.Manager, port int, rotator *certs.Rotator, synced func() bool, handler http.Handler) error {
	return mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(context.Context) (bool, error) {
			return synced() && rotator.Ready(nil) == nil, nil
		})
		if err != nil {
			return fmt.Errorf("wait for the certificate and the associations: %w", err)
		}
		listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("listen on port %d: %w", port, err)
		}
		limits := api.ServerLimits()
		server := &manager.Server{
			Name:     "auth",
			Listener: tls.NewListener(bounded.NewListener(listener, limits), tlsConfig(rotator)),
			Server:   bounded.NewServer(handler, limits),
		}
		return server.Start(ctx)
	}))
}

func tlsConfig(rotator *certs.Rotator) *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: rotator.Certificate,
		// No HTTP/2, by which one connection could carry hundreds of requests at once.
		NextProtos: []string{"http/1.1"},
	}
}
