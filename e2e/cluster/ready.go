package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

const pollInterval = 50 * time.Millisecond

// poll asks until the answer is yes. If time runs out, what was wrong last is the error.
func poll(ctx context.Context, what string, ask func() error) error {
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, errors.Join(context.Cause(ctx), err))
		case <-time.After(pollInterval):
		}
	}
}

// awaitAPIServer waits until the API server calls itself ready, which includes RBAC's default roles.
func (c *Cluster) awaitAPIServer(ctx context.Context) error {
	ca, err := os.ReadFile(c.file("ca.crt"))
	if err != nil {
		return fmt.Errorf("read the cluster's CA: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{DialContext: c.Dial, TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	return poll(ctx, "the API server", func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.apiServerURL()+"/readyz", http.NoBody)
		if err != nil {
			return err
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			return err
		}
		if err := response.Body.Close(); err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("/readyz answers %s", response.Status)
		}
		return nil
	})
}

// awaitContainerd waits until containerd serves; it makes its socket before it can.
func (c *Cluster) awaitContainerd(ctx context.Context) error {
	return poll(ctx, "containerd", func() error {
		_, err := c.node.Output(ctx, nil, nil, c.Binaries.Runtime.Program("ctr"), "--namespace=k8s.io", "--connect-timeout=1s", "version")
		return err
	})
}

// openDiscovery lets everyone read the issuer's keys, as every cluster must whose tokens an STS verifies.
func (c *Cluster) openDiscovery(ctx context.Context) error {
	const binding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: service-account-issuer-discovery-unauthenticated}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:service-account-issuer-discovery"}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}]
`
	_, err := c.Kubectl(ctx, strings.NewReader(binding), "create", "--filename=-")
	return err
}

// awaitUsable waits until a pod can be created (that needs the service account of its namespace, and its volume the CA's
// certificate) and started (on a ready node).
func (c *Cluster) awaitUsable(ctx context.Context) error {
	err := poll(ctx, "the default namespace", func() error {
		_, err := c.Kubectl(ctx, nil, "get", "serviceaccount/default", "configmap/kube-root-ca.crt", "node/"+nodeName(c.Name))
		return err
	})
	if err != nil {
		return err
	}
	_, err = c.Kubectl(ctx, nil, "wait", "--for=condition=Ready", "node/"+nodeName(c.Name), "--timeout=5m")
	return err
}
