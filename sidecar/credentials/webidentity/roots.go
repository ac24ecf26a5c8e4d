package webidentity

import (
	"crypto/x509"
	"fmt"
	"os"
)

// publicCAs is where the image of the sidecar, as well as Debian and Alpine, have the public authorities.
const publicCAs = "/etc/ssl/certs/ca-certificates.crt"

// trusted is the pool of the authorities in caBundle or, where none is named, of the public ones. It is made anew for each
// fetch: Go's own pool of the system would stay in memory for ever, a third of a megabyte in every pod, and would not see
// a renewed file.
func trusted(caBundle string) (*x509.CertPool, error) {
	if caBundle == "" {
		return public(), nil
	}
	content, err := os.ReadFile(caBundle)
	if err != nil {
		return nil, fmt.Errorf("read AWS_CA_BUNDLE: %w: correct or unset it", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("AWS_CA_BUNDLE: %s holds no certificate in PEM: correct or unset it", caBundle)
	}
	return pool, nil
}

// public is the pool of the public authorities, and nil, which means Go's own, where they are elsewhere.
func public() *x509.CertPool {
	content, err := os.ReadFile(publicCAs)
	if err != nil {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil
	}
	return pool
}
