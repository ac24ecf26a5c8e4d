package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Expiry is when the certificates in use end; zero where there is none, or its end is not known.
type Expiry struct {
	Leaf, CA time.Time
}

// Certificate is the tls.Config.GetCertificate of a server.
func (r *Rotator) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if leaf := r.leaf.Load(); leaf != nil {
		return leaf, nil
	}
	return nil, errors.New("no certificate yet: the CA is not published")
}

// Ready is a healthz.Checker: it fails until a trusted certificate is served, and when that has expired.
func (r *Rotator) Ready(*http.Request) error {
	leaf, err := r.Certificate(nil)
	if err != nil {
		return err
	}
	return checkExpiry(leaf.Leaf)
}

// Expiry is when the certificates in use end.
func (r *Rotator) Expiry() Expiry {
	var expiry Expiry
	if leaf := r.leaf.Load(); leaf != nil {
		expiry.Leaf = leaf.Leaf.NotAfter
	}
	if ca := r.issuer.Load(); ca != nil {
		expiry.CA = ca.NotAfter
	}
	return expiry
}

// checkExpiry fails when the certificate of a server has expired.
func checkExpiry(leaf *x509.Certificate) error {
	if end := leaf.NotAfter; !time.Now().Before(end) {
		return fmt.Errorf("the certificate expired at %s and could not be replaced: see the log", end.UTC().Format(time.RFC3339))
	}
	return nil
}
