package pki

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
)

func TestAnIssuedCertificateServesItsHostsAndNoOther(t *testing.T) {
	ca, err := NewCA("test")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue(Identity{CommonName: "kubelet", Organization: "system:nodes", Hosts: []string{"10.0.0.1", "node"}})
	if err != nil {
		t.Fatal(err)
	}
	both, err := tls.X509KeyPair(pair.Certificate, pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca.Certificate) {
		t.Fatal("the CA's certificate is not PEM")
	}
	for host, valid := range map[string]bool{"10.0.0.1": true, "node": true, "10.0.0.2": false, "other": false} {
		_, err := both.Leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots})
		if (err == nil) != valid {
			t.Errorf("certificate for %s: %v", host, err)
		}
	}
	if got := both.Leaf.Subject.String(); got != "CN=kubelet,O=system:nodes" {
		t.Errorf("subject %q", got)
	}
}
