package exchange

import (
	"crypto/x509"
	"fmt"
	"os"
)

// publicCAs is where the image of the sidecar, like Debian and Alpine, has the public CAs.
const publicCAs = "/etc/ssl/certs/ca-certificates.crt"

// LoadRoots loads the CAs of a PEM file. Like PublicRoots it does so for each exchange: the pool that Go caches would occupy a third
// of a megabyte in every pod, and would miss a renewed file. An error calls the file by setting, and ends with remedy.
func LoadRoots(file, setting, remedy string) (*x509.CertPool, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: %s", setting, err, remedy)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s: %s holds no certificate in PEM: %s", setting, file, remedy)
	}
	return pool, nil
}

// PublicRoots loads the public CAs. It returns nil, which means those that Go finds, if they are elsewhere.
func PublicRoots() *x509.CertPool {
	pool, err := LoadRoots(publicCAs, "the public CAs", "")
	if err != nil {
		return nil
	}
	return pool
}
