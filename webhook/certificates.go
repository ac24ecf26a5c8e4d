package main

import (
	"crypto/tls"
	"net/http"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/webhook/config"
)

// certificates is where the certificate of the server comes from: our own rotation, or files that somebody else maintains.
type certificates interface {
	// Certificate is the tls.Config.GetCertificate of the server. It fails while there is none.
	Certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Ready is a healthz.Checker that fails while there is no certificate, and when that has expired.
	Ready(request *http.Request) error
	// Expiry is when the certificates expire.
	Expiry() certs.Expiry
	// SetupWithManager has the manager keep the certificate up to date.
	SetupWithManager(mgr manager.Manager) error
}

var (
	_ certificates = (*certs.Rotator)(nil)
	_ certificates = (*certs.Files)(nil)
)

// propagation is how long an API server may take to see a webhook configuration that we see already.
const propagation = 30 * time.Second

func rotationOf(c config.Config) certs.Config {
	var hosts []string
	for _, service := range c.Services {
		hosts = append(hosts, service+"."+c.Namespace+".svc")
	}
	return certs.Config{
		Secret:       types.NamespacedName{Namespace: c.Namespace, Name: c.CASecret},
		Target:       certs.WebhookConfigurations(c.Webhooks),
		Propagation:  propagation,
		DNSNames:     hosts,
		CAValidity:   c.CAValidity,
		LeafValidity: c.CertificateValidity,
	}
}

// newCertificates chooses by the configuration. What is not chosen is not set up.
func newCertificates(c config.Config, rotation certs.Config, log logrus.FieldLogger) certificates {
	if c.CertificateDir != "" {
		return certs.NewFiles(c.CertificateDir, log)
	}
	return certs.NewRotator(rotation, log)
}
