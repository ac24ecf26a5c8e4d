package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"slices"
	"testing"
	"time"
)

// What RFC 5280 and the CAs of browsers require of certificates, and what the API server's verifier checks.
func TestTheFieldsOfCertificates(t *testing.T) {
	now := time.Now()
	ca := mustAuthority(t, now)
	leaf, err := ca.leaf(now, names, week)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		certificate *x509.Certificate
		usage       x509.KeyUsage
		extended    []x509.ExtKeyUsage
		isCA        bool
		names       []string
		end         time.Time
	}{
		"the CA signs certificates, and does nothing else": {ca.certificate, x509.KeyUsageCertSign, nil, true, nil, now.Add(year)},
		"the leaf serves, and does nothing else": {
			leaf.Leaf, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, false, names, now.Add(week),
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := test.certificate
			if c.KeyUsage != test.usage || !slices.Equal(c.ExtKeyUsage, test.extended) || c.IsCA != test.isCA || !c.BasicConstraintsValid && test.isCA {
				t.Errorf("key usage %b, extended %v, CA %v", c.KeyUsage, c.ExtKeyUsage, c.IsCA)
			}
			if !slices.Equal(c.DNSNames, test.names) || len(c.IPAddresses)+len(c.EmailAddresses)+len(c.URIs) > 0 {
				t.Errorf("it is for %v %v %v %v", c.DNSNames, c.IPAddresses, c.EmailAddresses, c.URIs)
			}
			if !c.NotBefore.Equal(now.Add(-clockSkew).Truncate(time.Second)) || !c.NotAfter.Equal(test.end.Truncate(time.Second)) {
				t.Errorf("it is valid from %s to %s", c.NotBefore, c.NotAfter)
			}
			key, ok := c.PublicKey.(*ecdsa.PublicKey)
			if !ok || key.Curve != elliptic.P256() || c.SignatureAlgorithm != x509.ECDSAWithSHA256 {
				t.Errorf("key %T, signed with %s", c.PublicKey, c.SignatureAlgorithm)
			}
			// 64 random bits at least, 20 octets at most (CA/Browser Forum 7.1, RFC 5280 4.1.2.2).
			if bits := c.SerialNumber.BitLen(); c.SerialNumber.Sign() <= 0 || bits < 64 || bits > 159 {
				t.Errorf("serial number %x", c.SerialNumber)
			}
		})
	}
}

func TestACertificateIsDueWithAThirdOfItsLifeLeft(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	ca := mustAuthority(t, now)
	for _, life := range []time.Duration{time.Minute, 10 * time.Minute, week} {
		leaf, err := ca.leaf(now, names, life)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := renewalTime(leaf.Leaf), now.Add(life*2/3); !got.Equal(want) {
			t.Errorf("one of %s is due after %s", life, got.Sub(now))
		}
	}
}

func TestNoTwoCertificatesShareSerialNumberOrKey(t *testing.T) {
	now := time.Now()
	ca := mustAuthority(t, now)
	serials, keys := map[string]bool{}, map[string]bool{}
	for range 100 {
		leaf, err := ca.leaf(now, names, week)
		if err != nil {
			t.Fatal(err)
		}
		serials[leaf.Leaf.SerialNumber.String()] = true
		keys[string(leaf.Leaf.RawSubjectPublicKeyInfo)] = true
	}
	if len(serials) != 100 || len(keys) != 100 {
		t.Errorf("%d serial numbers and %d keys of 100 leaves", len(serials), len(keys))
	}
}
