package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"

	"github.com/podidentity/podidentity/e2e/cluster"
)

// api is the API server of a cluster, asked directly: a kubectl would take longer than what is measured.
type api struct {
	client *http.Client
	server string
}

// openAPI opens it as the cluster's administrator.
func openAPI(c *cluster.Cluster) (*api, error) {
	config, err := os.ReadFile(c.Kubeconfig())
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	var values [3][]byte
	for i, name := range []string{"certificate-authority-data", "client-certificate-data", "client-key-data"} {
		if values[i], err = base64.StdEncoding.DecodeString(setting(config, name)); err != nil {
			return nil, fmt.Errorf("read %s of the kubeconfig: %w", name, err)
		}
	}
	certificate, err := tls.X509KeyPair(values[1], values[2])
	if err != nil {
		return nil, fmt.Errorf("use the certificate of the kubeconfig: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(values[0])
	return &api{server: setting(config, "server"), client: &http.Client{Transport: &http.Transport{
		DialContext:         c.Dial,
		MaxIdleConnsPerHost: workers,
		TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}}}, nil
}

// setting is a value of a kubeconfig as package cluster writes it.
func setting(config []byte, name string) string {
	found := regexp.MustCompile(`(?m)^\s+` + name + `: (\S+)$`).FindSubmatch(config)
	if found == nil {
		return ""
	}
	return string(found[1])
}

// statusError is an answer of the API server that is no success.
type statusError struct {
	code int
	text string
}

// Error has the API server's own words.
func (e *statusError) Error() string {
	return fmt.Sprintf("the API server answers %d: %s", e.code, e.text)
}

// do makes one call; object, where there is one, becomes the body.
func (a *api) do(ctx context.Context, method, path string, object any) ([]byte, error) {
	var body io.Reader
	if object != nil {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, fmt.Errorf("encode the object: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the API server: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("%s %s: %w", method, path, &statusError{response.StatusCode, string(text)})
	}
	return text, nil
}
