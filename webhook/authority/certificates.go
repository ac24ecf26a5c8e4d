package authority

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// longest keeps the annotation of a pod far from the 256 KiB that all of its annotations may have; a certificate of an
// authority has about 600 bytes.
const longest = 32 << 10

// certificates are those in a text in PEM, and nothing else of it: a key that somebody put beside them must not reach pods.
func certificates(text string) (string, error) {
	var found strings.Builder
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
			return "", fmt.Errorf("its key %s has a certificate that cannot be read: %w: correct it", contract.CABundleKey, err)
		}
		found.Write(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes}))
	}
	switch {
	case found.Len() == 0:
		return "", fmt.Errorf("its key %s has no certificate in PEM: let the auth service write it", contract.CABundleKey)
	case found.Len() > longest:
		return "", fmt.Errorf("its key %s has %d bytes of certificates: leave %d at most", contract.CABundleKey, found.Len(), longest)
	}
	return found.String(), nil
}
