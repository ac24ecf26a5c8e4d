package certs

import (
	"crypto/x509"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

const year = 365 * 24 * time.Hour

var names = []string{"pod-identity-webhook.pod-identity.svc"}

func mustAuthority(t *testing.T, now time.Time) authority {
	t.Helper()
	a, err := newAuthority(now, year)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// verify checks a leaf as the API server does: by the bundle and the name.
func verify(leaf *x509.Certificate, bundle []byte, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: names[0], CurrentTime: now})
	return err
}

func TestALeafIsTrustedByTheBundleOfItsCA(t *testing.T) {
	now := time.Now()
	ca := mustAuthority(t, now)
	leaf, err := ca.leaf(now, names, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	bundle := encodeCertificates(ca.certificate)
	if err := verify(leaf.Leaf, bundle, now); err != nil {
		t.Error(err)
	}
	if err := verify(leaf.Leaf, bundle, now.Add(-4*time.Minute)); err != nil {
		t.Errorf("a verifier whose clock is behind refuses it: %v", err)
	}
	if err := verify(leaf.Leaf, encodeCertificates(mustAuthority(t, now).certificate), now); err == nil {
		t.Error("another CA's bundle trusts it")
	}
}

func TestALeafDoesNotOutliveItsCA(t *testing.T) {
	now := time.Now()
	ca := mustAuthority(t, now)
	leaf, err := ca.leaf(now.Add(year-time.Hour), names, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if leaf.Leaf.NotAfter.After(ca.certificate.NotAfter) {
		t.Errorf("leaf ends %v, CA %v", leaf.Leaf.NotAfter, ca.certificate.NotAfter)
	}
}

func TestTheCASignsNothingButLeaves(t *testing.T) {
	ca := mustAuthority(t, time.Now()).certificate
	if ca.KeyUsage != x509.KeyUsageCertSign || !ca.MaxPathLenZero || ca.SerialNumber.BitLen() < 64 {
		t.Errorf("key usage %v, path length zero %v, serial number %v", ca.KeyUsage, ca.MaxPathLenZero, ca.SerialNumber)
	}
}

func TestTheSecretOfTheCA(t *testing.T) {
	now := time.Now()
	healthy := func() *corev1.Secret {
		s, err := caSecret{}.renewed(now, year)
		if err != nil {
			t.Fatal(err)
		}
		var secret corev1.Secret
		if err := s.writeTo(&secret); err != nil {
			t.Fatal(err)
		}
		return &secret
	}
	for name, test := range map[string]struct {
		damage  func(*corev1.Secret)
		at      time.Time
		usable  bool
		trusted int
	}{
		"as written it is usable":                      {at: now, usable: true, trusted: 1},
		"two thirds through its life it is replaced":   {at: now.Add(year * 2 / 3), trusted: 1},
		"after its end it is not trusted any more":     {at: now.Add(year), trusted: 0},
		"with the clock before its start it is not":    {at: now.Add(-time.Hour), trusted: 1},
		"empty it is replaced":                         {at: now, damage: func(s *corev1.Secret) { s.Data = nil }},
		"without its key the bundle is still trusted":  {at: now, damage: func(s *corev1.Secret) { delete(s.Data, corev1.TLSPrivateKeyKey) }, trusted: 1},
		"with a garbled bundle it is replaced":         {at: now, damage: func(s *corev1.Secret) { s.Data[contract.CABundleKey] = []byte("x") }},
		"with the key of another CA it is replaced":    {at: now, damage: func(s *corev1.Secret) { s.Data[corev1.TLSPrivateKeyKey] = healthy().Data[corev1.TLSPrivateKeyKey] }, trusted: 1},
		"with the bundle of another CA it is replaced": {at: now, damage: func(s *corev1.Secret) { s.Data[contract.CABundleKey] = healthy().Data[contract.CABundleKey] }, trusted: 1},
	} {
		t.Run(name, func(t *testing.T) {
			secret := healthy()
			if test.damage != nil {
				test.damage(secret)
			}
			s, err := parseSecret(secret, test.at)
			if (err == nil) != test.usable || len(s.trusted) != test.trusted {
				t.Errorf("usable: %v, trusted: %d", err, len(s.trusted))
			}
		})
	}
}

func TestARenewedCAIsTrustedBesideTheOldOne(t *testing.T) {
	now := time.Now()
	first, err := caSecret{}.renewed(now, year)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.renewed(now, year)
	if err != nil {
		t.Fatal(err)
	}
	for _, ca := range []authority{first.authority, second.authority} {
		leaf, err := ca.leaf(now, names, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(leaf.Leaf, second.bundle(), now); err != nil {
			t.Error(err)
		}
	}
}
