package authca

import (
	"crypto/x509"
	"strings"
	"testing"
)

// Whatever stands in the ConfigMap, what comes out of it is a bundle of certificates of a bounded length, and parsing that changes nothing.
func FuzzParseBundle(f *testing.F) {
	f.Add("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
	f.Add("-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----\n")
	f.Fuzz(func(t *testing.T, text string) {
		bundle, err := parseBundle(text)
		if err != nil {
			return
		}
		if len(bundle) > maxBundle || strings.Contains(bundle, "PRIVATE") || !x509.NewCertPool().AppendCertsFromPEM([]byte(bundle)) {
			t.Errorf("%q became %q", text, bundle)
		}
		if again, err := parseBundle(bundle); again != bundle || err != nil {
			t.Errorf("%q became %q, %v", bundle, again, err)
		}
	})
}
