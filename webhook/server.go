package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/inject"
)

// addServer has the manager serve admissions. It listens from now on and answers once the manager runs, before any cache is
// filled, so that nothing but the readiness of the certificate and of the associations is left to wait for.
func addServer(mgr manager.Manager, c config.Config, certificates certificates, s sources, log logrus.FieldLogger) error {
	handler, err := newHandler(c.Injection, s, log)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("", strconv.Itoa(c.Listen)))
	if err != nil {
		return fmt.Errorf("listen on port %d: %w", c.Listen, err)
	}
	return mgr.Add(newServer(listener, certificates, handler))
}

// newServer is that of controller-runtime with limits, which that one has not.
func newServer(listener net.Listener, certificates certificates, handler http.Handler) *manager.Server {
	limits := admission.ServerLimits()
	return &manager.Server{
		Name:     "admission",
		Listener: tls.NewListener(bounded.NewListener(listener, limits), tlsConfig(certificates)),
		Server:   bounded.NewServer(handler, limits),
	}
}

// newHandler serves a path for each value of the namespace label.
func newHandler(settings inject.Settings, s sources, log logrus.FieldLogger) (http.Handler, error) {
	admissions, err := admission.NewMetrics(metrics.Registry)
	if err != nil {
		return nil, err
	}
	injector := inject.NewInjector(settings)
	mux := http.NewServeMux()
	// This server never starts: it measures what its handlers do.
	measured := crwebhook.NewServer(crwebhook.Options{WebhookMux: mux})
	memory := admission.NewMemory()
	for _, mode := range []string{contract.InjectEnabled, contract.InjectAssociated, admission.Unknown} {
		measured.Register(admission.Path(mode), &admission.Handler{
			Mode: mode, Injector: injector, Identities: s.identities, AuthCA: s.authCA, Rules: s.rules, Memory: memory, Metrics: admissions, Log: log,
		})
	}
	return mux, nil
}

// tlsConfig has a server present the certificate, which may come later, and refuse versions before TLS 1.3. Without HTTP/2, one
// connection has one request; API servers ask webhooks by HTTP/1.1 alone (kubernetes#75791).
func tlsConfig(source certificates) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: source.Certificate, NextProtos: []string{"http/1.1"}}
}
