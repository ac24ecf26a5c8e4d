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

// bundleKey is the key of the Secret that holds all certificates to trust: the CA's own, and earlier ones until they
// expire. The CA itself is in the keys of a TLS Secret.
const bundleKey = contract.CABundleKey

// store is what the Secret holds.
type store struct {
	authority authority
	// trusted begins with the authority's certificate.
	trusted []*x509.Certificate
}

// readStore reads the Secret. An error says what is wrong with it; what it still has of trusted certificates comes back
// also then, so that a damaged key takes no trust away from leaves that are in use.
func readStore(secret *corev1.Secret, now time.Time) (store, error) {
	var s store
	for _, certificate := range decodeCertificates(secret.Data[bundleKey]) {
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
	if !current(pair.Leaf, now) {
		return s, fmt.Errorf("the CA of %s is due to be replaced", pair.Leaf.NotBefore.UTC().Format(time.RFC3339))
	}
	if len(s.trusted) == 0 || !s.trusted[0].Equal(pair.Leaf) {
		return s, errors.New("the bundle does not begin with the CA")
	}
	return s, nil
}

// renewed is a store with a new authority that trusts, besides, what this one trusts.
func (s store) renewed(now time.Time, validity time.Duration) (store, error) {
	next, err := newAuthority(now, validity)
	if err != nil {
		return store{}, err
	}
	trusted := append([]*x509.Certificate{next.certificate}, s.trusted...)
	return store{authority: next, trusted: trusted}, nil
}

// write puts the store into the Secret.
func (s store) write(secret *corev1.Secret) error {
	key, err := x509.MarshalPKCS8PrivateKey(s.authority.key)
	if err != nil {
		return fmt.Errorf("encode the key of the CA: %w", err)
	}
	if secret.Type == "" { // it is immutable, and of no matter
		secret.Type = corev1.SecretTypeTLS
	}
	secret.Data = map[string][]byte{
		corev1.TLSCertKey:       encodeCertificates(s.authority.certificate),
		corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		bundleKey:               s.bundle(),
	}
	return nil
}

// bundle is what callers shall trust: what the store does, and others besides, each once.
func (s store) bundle(others ...*x509.Certificate) []byte {
	var all []*x509.Certificate
	for _, certificate := range slices.Concat(s.trusted, others) {
		if !slices.ContainsFunc(all, certificate.Equal) {
			all = append(all, certificate)
		}
	}
	return encodeCertificates(all...)
}
