package certs

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// Whoever may write the Secret may write anything. Whatever is accepted as a CA must sign leaves that its own bundle trusts.
func FuzzTheSecretOfTheCA(f *testing.F) {
	now := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	s, err := caSecret{}.renewed(now, year)
	if err != nil {
		f.Fatal(err)
	}
	var healthy corev1.Secret
	if err := s.writeTo(&healthy); err != nil {
		f.Fatal(err)
	}
	certificate, key, bundle := healthy.Data[corev1.TLSCertKey], healthy.Data[corev1.TLSPrivateKeyKey], healthy.Data[contract.CABundleKey]
	f.Add(certificate, key, bundle)
	f.Add(key, certificate, bundle)
	f.Add(certificate, key, append([]byte("-----BEGIN CERTIFICATE-----\n"), bundle...))
	f.Add([]byte(nil), []byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), []byte("garbage"))
	f.Fuzz(func(t *testing.T, certificate, key, bundle []byte) {
		read, err := parseSecret(&corev1.Secret{Data: map[string][]byte{
			corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key, contract.CABundleKey: bundle,
		}}, now)
		if err != nil {
			return
		}
		leaf, err := read.authority.leaf(now, names, week)
		if err != nil {
			t.Fatal(err)
		}
		if err := verify(leaf.Leaf, read.bundle(), now); err != nil {
			t.Error(err)
		}
	})
}
