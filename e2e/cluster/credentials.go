package cluster

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"

	"github.com/podidentity/podidentity/e2e/machine/pki"
)

// writeCredentials makes the cluster's own CA and what each component shows and trusts.
func (c *Cluster) writeCredentials() error {
	ca, err := pki.NewCA("podidentity-" + c.Name)
	if err != nil {
		return err
	}
	if err := c.writePair("ca", ca.Pair); err != nil {
		return err
	}
	if err := c.writeServiceAccountKeys(); err != nil {
		return err
	}
	for file, holder := range c.certificates() {
		pair, err := ca.Issue(holder)
		if err != nil {
			return err
		}
		if err := c.writePair(file, pair); err != nil {
			return err
		}
	}
	for file, user := range c.users() {
		pair, err := ca.Issue(user)
		if err != nil {
			return err
		}
		if err := c.writeFile(file+".kubeconfig", kubeconfig(c.apiServerURL(), ca.Certificate, pair)); err != nil {
			return err
		}
	}
	return nil
}

// certificates are those that components read from files. The names are those that RBAC's default roles are bound to.
func (c *Cluster) certificates() map[string]pki.Identity {
	hosts := append(c.Family.nodes(), c.Family.each(func(n network) string { return n.apiServer })...)
	hosts = append(hosts, "127.0.0.1", "localhost",
		"kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
	return map[string]pki.Identity{
		"kube-apiserver":                {CommonName: "kube-apiserver", Hosts: hosts},
		"kube-apiserver-kubelet-client": {CommonName: "kube-apiserver-kubelet-client", Organization: "system:masters"},
		frontProxy:                      {CommonName: frontProxy},
		"kubelet":                       {CommonName: nodeName(c.Name), Hosts: append(c.Family.nodes(), nodeName(c.Name))},
	}
}

// users are those who talk to the API server.
func (c *Cluster) users() map[string]pki.Identity {
	return map[string]pki.Identity{
		admin:                     {CommonName: "kubernetes-admin", Organization: "system:masters"},
		"kube-controller-manager": {CommonName: "system:kube-controller-manager"},
		"kube-scheduler":          {CommonName: "system:kube-scheduler"},
		"kube-proxy":              {CommonName: "system:kube-proxy"},
		"kubelet":                 {CommonName: "system:node:" + nodeName(c.Name), Organization: "system:nodes"},
	}
}

// writeServiceAccountKeys makes the key of service account tokens: RSA, as kubeadm and EKS have it, so that STS sees tokens of
// the algorithm and size that it sees in life.
func (c *Cluster) writeServiceAccountKeys() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("generate key of service account tokens: %w", err)
	}
	private, err := pki.EncodeKey(key)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode key of service account tokens: %w", err)
	}
	if err := c.writeFile("service-accounts.pub", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})); err != nil {
		return err
	}
	return c.writeFile("service-accounts.key", private)
}

func (c *Cluster) writePair(file string, pair pki.Pair) error {
	if err := c.writeFile(file+".crt", pair.Certificate); err != nil {
		return err
	}
	return c.writeFile(file+".key", pair.Key)
}

// writeFile writes one of the cluster's configuration files. All of them are for root only: most hold a key.
func (c *Cluster) writeFile(name string, content []byte) error {
	if err := os.WriteFile(c.file(name), content, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// file is the path of a configuration file.
func (c *Cluster) file(name string) string { return c.path("config", name) }

// kubeconfig holds the certificates themselves rather than paths to them, so that a copy of it works.
func kubeconfig(server string, ca []byte, user pki.Pair) []byte {
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: podidentity
contexts:
- name: podidentity
  context: {cluster: podidentity, user: podidentity}
clusters:
- name: podidentity
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: podidentity
  user:
    client-certificate-data: %s
    client-key-data: %s
`, server, encode(ca), encode(user.Certificate), encode(user.Key))
}

func encode(pem []byte) string { return base64.StdEncoding.EncodeToString(pem) }
