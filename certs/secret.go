package certs

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// caSecret is what the Secret of the CA holds: the authority under the keys of a TLS Secret, and all CAs to trust under
// contract.CABundleKey.
type caSecret struct {
	authority authority
	// trusted begins with the CA of the authority; earlier ones follow until they expire.
	trusted []*x509.Certificate
}

// parseSecret reads the Secret. An error says what is wrong with it. The trusted CAs that it still has are returned beside the
// error, so that a damaged key takes no trust away from leaves in use.
func parseSecret(secret *corev1.Secret, now time.Time) (caSecret, error) {
	var s caSecret
	for _, certificate := range decodeCertificates(secret.Data[contract.CABundleKey]) {
		if certificate.IsCA && now.Before(certificate.NotAfter) {
			s.trusted = append(s.trusted, certificate)
		}
	}
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return s, fmt.Errorf("read the CA: %w", err)
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok || !pair.Leaf.IsCA {
		return s, errors.New("read the CA: not a certificate authority with an ECDSA key")
	}
	s.authority = authority{certificate: pair.Leaf, key: key}
	if needsRenewal(pair.Leaf, now) {
		return s, fmt.Errorf("the CA of %s is due to be replaced", pair.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	if len(s.trusted) == 0 || !s.trusted[0].Equal(pair.Leaf) {
		return s, errors.New("the bundle does not begin with the CA")
	}
	return s, nil
}

// renewed has a new authority, and also trusts what s trusts.
func (s caSecret) renewed(now time.Time, validity time.Duration) (caSecret, error) {
	next, err := newAuthority(now, validity)
	if err != nil {
		return caSecret{}, err
	}
	trusted := append([]*x509.Certificate{next.certificate}, s.trusted...)
	return caSecret{authority: next, trusted: trusted}, nil
}

// writeTo writes s into the Secret.
func (s caSecret) writeTo(secret *corev1.Secret) error {
	key, err := x509.MarshalPKCS8PrivateKey(s.authority.key)
	if err != nil {
		return fmt.Errorf("encode the key of the CA: %w", err)
	}
	if secret.Type == "" { // that of an existing Secret is immutable, and does not matter
		secret.Type = corev1.SecretTypeTLS
	}
	secret.Data = map[string][]byte{
		corev1.TLSCertKey:       encodeCertificates(s.authority.certificate),
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		contract.CABundleKey:    s.bundle(),
	}
	return nil
}

// bundle has the trusted CAs and the others, each once.
func (s caSecret) bundle(others ...*x509.Certificate) []byte {
	var all []*x509.Certificate
	for _, certificate := range slices.Concat(s.trusted, others) {
		if !slices.ContainsFunc(all, certificate.Equal) {
			all = append(all, certificate)
		}
	}
	return encodeCertificates(all...)
}
