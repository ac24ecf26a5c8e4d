package webidentity_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
)

const envToken = "TEST_TOKEN_FILE"

// fakeProxy connects all clients with one server, and records the addresses that they request.
type fakeProxy struct {
	*httptest.Server
	to string

	mu       sync.Mutex
	requests []string
}

func newFakeProxy(t *testing.T, to string) *fakeProxy {
	t.Helper()
	p := &fakeProxy{to: to}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// ServeHTTP implements http.Handler.
func (p *fakeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+r.Host)
	p.mu.Unlock()
	server, err := new(net.Dialer).DialContext(r.Context(), "tcp", p.to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	client, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
}

// TestMain is also the child of TestProxy: net/http reads the proxy from the environment once in a process.
func TestMain(m *testing.M) {
	if os.Getenv(envToken) == "" {
		os.Exit(m.Run())
	}
	c, err := config.Parse(nil, os.Getenv, io.Discard)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	c.WebIdentity.TokenFile = os.Getenv(envToken)
	got, err := c.WebIdentity.Fetch(context.Background(), contract.Identity{RoleARN: role})
	fmt.Printf("key %s, error %v\n", got.AccessKeyID, err)
}

func TestProxy(t *testing.T) {
	// The certificate of httptest is one of example.com.
	sts := httptest.NewUnstartedServer(http.HandlerFunc((&fakeSTS{}).serve))
	sts.StartTLS()
	t.Cleanup(sts.Close)
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: sts.Certificate().Raw})
	if err := os.WriteFile(bundle, block, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		env      []string
		requests []string
		says     string
	}{
		"STS is reached through it": {
			env:      []string{"AWS_ENDPOINT_URL_STS=https://example.com"},
			requests: []string{"CONNECT example.com:443"}, says: "key ASIAFAKE, error <nil>",
		},
		"NO_PROXY bypasses it": {
			// No host has this address, and no packet is sent to it.
			env:  []string{"AWS_ENDPOINT_URL_STS=https://255.255.255.255", "NO_PROXY=255.255.255.255"},
			says: "STS at 255.255.255.255 cannot be reached",
		},
		"the certificate behind it must be that of STS": {
			env:      []string{"AWS_REGION=eu-central-1"},
			requests: []string{"CONNECT sts.eu-central-1.amazonaws.com:443"}, says: "is not trusted",
		},
		"the FIPS endpoint is reached through it": {
			env:      []string{"AWS_REGION=us-west-2", "AWS_USE_FIPS_ENDPOINT=true"},
			requests: []string{"CONNECT sts-fips.us-west-2.amazonaws.com:443"},
		},
		"the dual-stack endpoint is reached through it": {
			env:      []string{"AWS_REGION=us-west-2", "AWS_USE_DUALSTACK_ENDPOINT=true"},
			requests: []string{"CONNECT sts.us-west-2.api.aws:443"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			proxy := newFakeProxy(t, sts.Listener.Addr().String())
			child := exec.CommandContext(t.Context(), os.Args[0])
			// The race detector would sleep a second at the end of each child.
			child.Env = append(test.env, "GORACE=atexit_sleep_ms=0", "HTTPS_PROXY="+proxy.URL, "AWS_CA_BUNDLE="+bundle, envToken+"="+source(t, "").TokenFile)
			out, err := child.CombinedOutput()
			if err != nil || !strings.Contains(string(out), test.says) {
				t.Errorf("%v: %s", err, out)
			}
			proxy.mu.Lock()
			defer proxy.mu.Unlock()
			if !slices.Equal(proxy.requests, test.requests) {
				t.Errorf("requests to the proxy: %v", proxy.requests)
			}
		})
	}
}
