package webidentity

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/podidentity/podidentity/contract"
)

const (
	dialTimeout = 5 * time.Second
	// maxAnswer bounds what is read of an answer; a real one has about 2 KB.
	maxAnswer = 1 << 20
)

// options has no retries: the Keeper makes them, knowing how long the old credentials last.
func (s Source) options(transport http.RoundTripper, role string) sts.Options {
	o := sts.Options{
		Region:  region(s.STS, role),
		Retryer: aws.NopRetryer{},
		AppID:   contract.ContainerName,
		HTTPClient: &http.Client{
			Transport: transport,
			// STS does not redirect, and a token must not follow whoever does.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		BaseEndpoint: optional(s.STS.Endpoint),
	}
	if s.STS.FIPS {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	if s.STS.DualStack {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	return o
}

// transport is a http.Transport that reads no answer without end.
type transport struct {
	*http.Transport
}

func newTransport(caBundle string) (transport, error) {
	roots, err := trusted(caBundle)
	if err != nil {
		return transport{}, err
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	return transport{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: dialTimeout,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}, nil
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := t.Transport.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	response.Body = limited{io.LimitReader(response.Body, maxAnswer), response.Body}
	return response, nil
}

type limited struct {
	io.Reader
	io.Closer
}
