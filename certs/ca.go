package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"
)

// commonNamePrefix begins the common name of every CA that we make.
const commonNamePrefix = "pod-identity-ca "

// clockSkew is how far the clock of a verifier may be behind ours.
const clockSkew = 5 * time.Minute

// authority is a CA with its key. It signs the leaves of our servers, and nothing else.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// newAuthority makes an authority that is valid from now on.
func newAuthority(now time.Time, validity time.Duration) (authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, fmt.Errorf("make the key of the CA: %w", err)
	}
	// The serial number is left to x509, which draws a random one (RFC 5280, 4.1.2.2).
	template := &x509.Certificate{
		// Two CAs must not share a name, or verifiers may try the wrong one of a bundle.
		Subject:               pkix.Name{CommonName: commonNamePrefix + now.UTC().Format(time.RFC3339)},
		NotBefore:             now.Add(-clockSkew),
		NotAfter:              now.Add(validity),
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return authority{}, fmt.Errorf("sign the certificate of the CA: %w", err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return authority{}, fmt.Errorf("read back the certificate of the CA: %w", err)
	}
	return authority{certificate: certificate, key: key}, nil
}

// leaf makes a server certificate for names, with a key that never leaves this process. It does not outlive the CA.
func (a authority) leaf(now time.Time, names []string, validity time.Duration) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the server certificate: %w", err)
	}
	end := now.Add(validity)
	if end.After(a.certificate.NotAfter) {
		end = a.certificate.NotAfter
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: names[0]},
		DNSNames:    names,
		NotBefore:   now.Add(-clockSkew),
		NotAfter:    end,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the server certificate: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("read back the server certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: parsed}, nil
}

// signed reports whether the authority signed certificate.
func (a authority) signed(certificate *x509.Certificate) bool {
	return certificate.CheckSignatureFrom(a.certificate) == nil
}

// renewalTime is when a certificate is to be replaced: with a third of its life left, time enough to notice that this fails. Its
// life begins when it is made, not at the earlier NotBefore that allows for skew: a short one would be due at once.
func renewalTime(certificate *x509.Certificate) time.Time {
	made := certificate.NotBefore.Add(clockSkew)
	return certificate.NotAfter.Add(-certificate.NotAfter.Sub(made) / 3)
}

// needsRenewal reports whether a certificate is due to be replaced, or not valid yet, because the clock was set back.
func needsRenewal(certificate *x509.Certificate, now time.Time) bool {
	return now.Before(certificate.NotBefore) || !now.Before(renewalTime(certificate))
}

func encodeCertificates(certificates ...*x509.Certificate) []byte {
	var text []byte
	for _, certificate := range certificates {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})...)
	}
	return text
}

// decodeCertificates reads the certificates of a PEM text, and passes over whatever else is in it.
func decodeCertificates(text []byte) []*x509.Certificate {
	var certificates []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return certificates
		}
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			certificates = append(certificates, certificate)
		}
	}
}
