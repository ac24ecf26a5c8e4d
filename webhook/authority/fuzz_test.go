package authority

import (
	"crypto/x509"
	"strings"
	"testing"
)

// Whatever stands in the ConfigMap, what comes out of it is a pool of certificates of a bounded length, and again itself.
func FuzzCertificates(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
	f.Add("-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		bundle, err := certificates(text)
		if err != nil {
			return
		}
		if len(bundle) > longest || strings.Contains(bundle, "PRIVATE") || !x509.NewCertPool().AppendCertsFromPEM([]byte(bundle)) {
			t.Errorf("%q became %q", text, bundle)
		}
		if again, err := certificates(bundle); again != bundle || err != nil {
			t.Errorf("%q became %q, %v", bundle, again, err)
		}
	})
}
