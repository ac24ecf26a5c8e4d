package auth_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// client asks the service as an SDK does, each time on a connection of its own, so that every replica is asked.
func (s *suite) client(bundle string) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(bundle))
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				// A replica that was killed does not even refuse.
				ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
				defer cancel()
				return s.Cluster.Dial(ctx, network, net.JoinHostPort(s.ip, "443"))
			},
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS13},
			DisableKeepAlives: true,
		},
	}
}

// answer is what the service says: a session or an exception.
type answer struct {
	Status      int    `json:"-"`
	RetryAfter  string `json:"-"`
	Type        string `json:"__type"`
	Message     string
	Credentials struct {
		AccessKeyID string `json:"accessKeyId"`
		Expiration  int64
	}
	AssumedRoleUser struct{ ARN string }
}

func ask(ctx context.Context, client *http.Client, cluster, token string) (a answer, err error) {
	body, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		return a, err
	}
	address := "https://pod-identity-auth.pod-identity.svc/clusters/" + url.PathEscape(cluster) + "/assume-role-for-pod-identity"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	response, err := client.Do(request)
	if err != nil {
		return a, err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return a, fmt.Errorf("%s: %w", text, err)
	}
	a.Status, a.RetryAfter = response.StatusCode, response.Header.Get("Retry-After")
	return a, nil
}

// withTimeout bounds what waits for a change.
func withTimeout(t *testing.T) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(t.Context(), 3*time.Minute, errors.New("nothing has changed for three minutes"))
}

// must asks for a session and ends the test where there is none.
func (s *suite) must(t *testing.T, token string) answer {
	t.Helper()
	a, err := ask(t.Context(), s.client(s.bundle(t)), "green", token)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("%+v %v\n%s", a, err, s.logs(t))
	}
	return a
}
