package issuer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

const (
	// fetchTimeout bounds one request.
	fetchTimeout = 10 * time.Second
	// maxDocument bounds what is read of an answer. A key has less than 1 KiB.
	maxDocument = 1 << 20
	// maxRedirects is how many redirections a request follows.
	maxRedirects = 3
)

// Getter reads a path of an API server.
type Getter func(ctx context.Context, path string) ([]byte, error)

// FromAPIServer reads from the API server of the configuration. Every service account may read both documents
// (ClusterRole system:service-account-issuer-discovery).
func FromAPIServer(kubernetes *rest.Config) (Getter, error) {
	client, err := rest.HTTPClientFor(kubernetes)
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	host, _, err := rest.DefaultServerUrlFor(kubernetes)
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	client.Timeout = fetchTimeout
	return func(ctx context.Context, path string) ([]byte, error) {
		return get(ctx, client, host.JoinPath(path).String())
	}, nil
}

// Cluster is what the API server says of itself.
func Cluster(ctx context.Context, read Getter) (Publication, error) {
	text, err := read(ctx, DiscoveryPath)
	if err != nil {
		return Publication{}, fmt.Errorf("ask the API server for its issuer: %w", err)
	}
	discovery, err := ParseDiscovery(text)
	if err != nil {
		return Publication{}, fmt.Errorf("ask the API server for its issuer: %w", err)
	}
	text, err = read(ctx, KeysPath)
	if err != nil {
		return Publication{}, fmt.Errorf("ask the API server for its keys: %w", err)
	}
	keys, err := ParseKeys(text)
	if err != nil {
		return Publication{}, fmt.Errorf("ask the API server for its keys: %w", err)
	}
	return Publication{Discovery: discovery, Keys: keys}, nil
}

// NewClient reads what is published, by HTTPS alone, as STS does. A nil resolver is that of the system.
func NewClient(resolver *net.Resolver) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: fetchTimeout, Resolver: resolver}).DialContext
	// One look in minutes: no connection is worth keeping, and each look sees the certificate anew.
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport, Timeout: fetchTimeout, CheckRedirect: onlyHTTPS}
}

// ByTCP resolves names by TCP alone: a pod that its NetworkPolicy lets reach every address by TCP then finds the issuer too.
func ByTCP() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		return (&net.Dialer{Timeout: fetchTimeout}).DialContext(ctx, "tcp", address)
	}}
}

func onlyHTTPS(request *http.Request, via []*http.Request) error {
	if request.URL.Scheme != "https" {
		return fmt.Errorf("it redirects to %s, which is not HTTPS", request.URL.Redacted())
	}
	if len(via) > maxRedirects {
		return errors.New("it redirects too often")
	}
	return nil
}

// Published is what is published at the issuer.
func Published(ctx context.Context, client *http.Client, issuer string) (Publication, error) {
	discovery, err := fetch(ctx, client, strings.TrimSuffix(issuer, "/")+DiscoveryPath, ParseDiscovery)
	if err != nil {
		return Publication{}, err
	}
	keys, err := FetchKeys(ctx, client, discovery.KeysURI)
	if err != nil {
		return Publication{}, err
	}
	return Publication{Discovery: discovery, Keys: keys}, nil
}

// Look compares what the API server says with what is published at its issuer.
func Look(ctx context.Context, kubernetes *rest.Config, client *http.Client) (Comparison, error) {
	read, err := FromAPIServer(kubernetes)
	if err != nil {
		return Comparison{}, err
	}
	cluster, err := Cluster(ctx, read)
	if err != nil {
		return Comparison{}, err
	}
	published, err := Published(ctx, client, cluster.Discovery.Issuer)
	if err != nil {
		return Comparison{}, err
	}
	return Compare(cluster, published), nil
}

// FetchKeys reads a JWKS.
func FetchKeys(ctx context.Context, client *http.Client, address string) (Keys, error) {
	return fetch(ctx, client, address, ParseKeys)
}

func fetch[T any](ctx context.Context, client *http.Client, address string, parse func([]byte) (T, error)) (T, error) {
	var none T
	if _, err := ParseURL(address); err != nil {
		return none, fmt.Errorf("read what is published: %w", err)
	}
	text, err := get(ctx, client, address)
	if err != nil {
		return none, fmt.Errorf("read what is published: %w", err)
	}
	parsed, err := parse(text)
	if err != nil {
		return none, fmt.Errorf("read %s: %w", address, err)
	}
	return parsed, nil
}

func get(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err // has the method and the address
	}
	defer func() { _ = response.Body.Close() }() // only read from
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("the answer of %s breaks off: %w", address, err)
	}
	if len(text) > maxDocument {
		return nil, fmt.Errorf("%s has more than 1 MiB", address)
	}
	return text, nil
}
