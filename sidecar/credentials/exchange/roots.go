package exchange

import (
	"crypto/x509"
	"fmt"

	"github.com/podidentity/podidentity/internal/regular"
)

// publicCAs is where the image of the sidecar, like Debian and Alpine, has the public CAs.
const publicCAs = "/etc/ssl/certs/ca-certificates.crt"

// maxRoots is what a ConfigMap can hold, and several times the public CAs.
const maxRoots = 1 << 20

// LoadRoots loads the CAs of a PEM file, or the public ones if file is empty. It does so for each exchange: the pool that Go caches
// would occupy a third of a megabyte in every pod, and would miss a renewed file. An error calls the file by setting, and ends with
// remedy.
func LoadRoots(file, setting, remedy string) (*x509.CertPool, error) {
	if file == "" {
		return publicRoots(), nil
	}
	content, err := regular.ReadFile(file, maxRoots)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w: %s", setting, err, remedy)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("%s: %s holds no certificate in PEM: %s", setting, file, remedy)
	}
	return pool, nil
}

// publicRoots returns nil, which means the CAs that Go finds, if the public ones are elsewhere.
func publicRoots() *x509.CertPool {
	pool, err := LoadRoots(publicCAs, "the public CAs", "")
	if err != nil {
		return nil
	}
	return pool
}
