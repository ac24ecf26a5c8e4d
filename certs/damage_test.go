package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// damages are ways in which the Secret may be damaged.
func damages(t *testing.T) map[string]func(map[string][]byte) {
	t.Helper()
	all := map[string]func(map[string][]byte){
		"the key of another CA": func(d map[string][]byte) {
			d[corev1.TLSPrivateKeyKey] = encodeKey(t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
		},
		"an Ed25519 key": func(d map[string][]byte) {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			d[corev1.TLSPrivateKeyKey] = encodeKey(t)(key, err)
		},
		"an RSA key": func(d map[string][]byte) {
			d[corev1.TLSPrivateKeyKey] = encodeKey(t)(rsa.GenerateKey(rand.Reader, 2048))
		},
		"key and certificate switch": func(d map[string][]byte) { d["tls.key"], d["tls.crt"] = d["tls.crt"], d["tls.key"] },
		"the keys of no Secret of ours": func(d map[string][]byte) {
			clear(d)
			d["username"] = []byte("x")
		},
	}
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey, contract.CABundleKey} {
		all[key+" is missing"] = func(d map[string][]byte) { delete(d, key) }
		all[key+" is empty"] = func(d map[string][]byte) { d[key] = nil }
		all[key+" is garbage"] = func(d map[string][]byte) { d[key] = []byte("garbage") }
		all[key+" is cut off"] = func(d map[string][]byte) { d[key] = d[key][:len(d[key])/2] }
	}
	return all
}

// encodeKey encodes what a generator of keys returns.
func encodeKey(t *testing.T) func(key any, err error) []byte {
	return func(key any, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	}
}

func TestADamagedSecretIsReplacedWhileItsCAStaysTrusted(t *testing.T) {
	for name, damage := range damages(t) {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.start()
			c.converge(r)
			old := r.leaf.Load().Leaf
			c.setSecret(damage)
			c.converge(r)
			c.mustHaveConverged(r)
			if err := verify(old, c.configuration().Webhooks[0].ClientConfig.CABundle, c.now); err != nil {
				t.Errorf("the leaf that another replica may still serve: %v", err)
			}
		})
	}
}

func TestADamagedBundleIsRestored(t *testing.T) {
	for name, test := range map[string]struct {
		becomes func(ours, foreign []byte) []byte
	}{
		"emptied":                         {func(_, _ []byte) []byte { return nil }},
		"garbled":                         {func(_, _ []byte) []byte { return []byte("garbage") }},
		"replaced by a foreign CA":        {func(_, foreign []byte) []byte { return foreign }},
		"with a foreign CA added":         {func(ours, foreign []byte) []byte { return append(bytes.Clone(ours), foreign...) }},
		"with a foreign CA put before it": {func(ours, foreign []byte) []byte { return append(bytes.Clone(foreign), ours...) }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t)
			r := c.start()
			c.converge(r)
			ours := c.configuration().Webhooks[0].ClientConfig.CABundle
			c.setBundle(0, test.becomes(ours, foreignCA(t, c)))
			r.syncConfiguration()
			r.reconcile()
			for _, webhook := range c.configuration().Webhooks {
				if !bytes.Equal(webhook.ClientConfig.CABundle, ours) {
					t.Errorf("%s has another bundle than before", webhook.Name)
				}
			}
			c.converge(r)
			c.mustHaveConverged(r)
		})
	}
}

// foreignCA is not one of ours, by its name.
func foreignCA(t *testing.T, c *cluster) []byte {
	t.Helper()
	a := mustAuthority(t, c.now)
	template := *a.certificate
	template.Subject.CommonName, template.RawSubject = "cert-manager", nil
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestALeafStaysTrustedThoughSecretAndBundleAreLostTogether(t *testing.T) {
	c := newCluster(t)
	one, two := c.start(), c.start()
	c.converge(one, two)
	c.deleteSecret()
	c.setBundle(0, nil)
	c.setBundle(1, nil)
	for range 3 { // one replica does everything first, while the other still serves its old leaf
		one.syncSecret()
		one.syncConfiguration()
		one.reconcile()
	}
	two.syncSecret()
	two.syncConfiguration()
	two.reconcile()
	one.mustTrust(c.configuration(), "the live bundle")
	two.mustTrust(c.configuration(), "the live bundle")
	c.converge(one, two)
	c.mustHaveConverged(one, two)
}
