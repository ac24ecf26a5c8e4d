package exchange

import (
	"crypto/x509"
	"fmt"
	"os"
)

// publicCAs is where the image of the sidecar, as well as Debian and Alpine, have the public authorities.
const publicCAs = "/etc/ssl/certs/ca-certificates.crt"

// Roots is the pool of the authorities in a PEM file. Like Public it makes the pool anew for each exchange: Go's own pool
// of the system would stay in memory for ever, a third of a megabyte in every pod, and would not see a renewed file. Setting
// is what a complaint calls the file, and remedy what it says to do.
func Roots(file, setting, remedy string) (*x509.CertPool, error) {
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

// Public is the pool of the public authorities, and nil, which means Go's own, where they are elsewhere.
func Public() *x509.CertPool {
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
