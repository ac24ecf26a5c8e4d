package authca

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// maxBundle, in bytes, keeps the annotation of a pod far from the 256 KiB that all of its annotations may have; the certificate
// of a CA has about 600 bytes.
const maxBundle = 32 << 10

// parseBundle returns the certificates of a PEM text, and nothing else of it: a key that somebody put beside them must not
// reach pods.
func parseBundle(text string) (string, error) {
	var bundle strings.Builder
	for rest := []byte(text); ; {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		rest = after
		if block.Type != "CERTIFICATE" {
			continue
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "", fmt.Errorf("key %s has a certificate that cannot be read: %w: correct it", contract.CABundleKey, err)
		}
		bundle.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	switch {
	case bundle.Len() == 0:
		return "", fmt.Errorf("key %s has no certificate in PEM: let the auth service write it", contract.CABundleKey)
	case bundle.Len() > maxBundle:
		return "", fmt.Errorf("key %s has %d bytes of certificates: leave %d at most", contract.CABundleKey, bundle.Len(), maxBundle)
	}
	return bundle.String(), nil
}
