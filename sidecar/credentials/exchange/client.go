package exchange

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"

	"github.com/podidentity/podidentity/internal/upstream"
)

const dialTimeout = 5 * time.Second

// NewClient returns a client for one exchange, which trusts the roots, or Go's own where they are nil. Its answers are
// bounded. The caller closes its idle connections.
func NewClient(roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Transport: transport{&http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: dialTimeout,
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		}},
		// Nobody that is asked here redirects, and a token must not follow whoever does.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// transport is a http.Transport that reads no answer without end.
type transport struct {
	*http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	upstream.LimitBody(response)
	return response, nil
}
