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

// NewClient makes a client for one exchange. It trusts roots, or the CAs that Go finds if roots is nil, and bounds the bodies of
// responses. The caller must close its idle connections.
func NewClient(roots *x509.CertPool) *http.Client {
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &http.Client{
		Transport: boundedTransport{&http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         dialer.DialContext,
			TLSHandshakeTimeout: dialTimeout,
			TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		}},
		// No service used here redirects, and a token must not follow a redirect.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// boundedTransport is a http.Transport that bounds the bodies of responses.
type boundedTransport struct {
	*http.Transport
}

// RoundTrip implements http.RoundTripper.
func (t boundedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	upstream.LimitBody(response)
	return response, nil
}
