package platform

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

// STSMode is how an STS behaves.
type STSMode string

// The modes of an STS.
const (
	Answering  STSMode = "answering"
	Throttling STSMode = "throttling"
	Refusing   STSMode = "refusing"
	Silent     STSMode = "silent" // it takes requests and never answers
)

// stsPort is where the proxy listens in the cluster; kustomizations of suites name it.
const stsPort = "9100"

// STS is the proxy of a platform's STS that fails on command.
type STS struct{ cluster *cluster.Cluster }

// StartSTS runs the proxy beside the cluster's components, at STSURL, until these end. It gives sessions the
// lifetime, or leaves that to MinIO where it is zero.
func (p *Platform) StartSTS(t *testing.T, lifetime time.Duration) STS {
	t.Helper()
	program := filepath.Join(t.TempDir(), "stsproxy")
	if err := binaries.Static(t.Context(), program, "platform/stsproxy"); err != nil {
		t.Fatal(err)
	}
	sts := STS{p.Cluster}
	if _, err := p.Cluster.Run("stsproxy", nil, program, stsAddress(p.Cluster), p.MinIO.Endpoint, lifetime.String()); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		connection, err := p.Cluster.Dial(ctx, "tcp", stsAddress(p.Cluster))
		if err != nil {
			return false, nil //nolint:nilerr // it does not listen yet
		}
		return true, connection.Close()
	})
	if err != nil {
		t.Fatalf("the proxy of STS does not listen: %v", err)
	}
	return sts
}

// URL is where pods find it.
func (s STS) URL() string { return STSURL(s.cluster) }

// STSURL is where pods of a cluster find the proxy once StartSTS has started it.
func STSURL(c *cluster.Cluster) string { return "http://" + stsAddress(c) }

func stsAddress(c *cluster.Cluster) string { return net.JoinHostPort(c.Address(), stsPort) }

// Set has it behave so from now on.
func (s STS) Set(t *testing.T, mode STSMode) {
	t.Helper()
	s.call(t, http.MethodPut, "/mode/"+string(mode))
}

// SetFor has it behave so to the pods of a namespace, whatever it does to others. It counts for pods that ask STS themselves.
func (s STS) SetFor(t *testing.T, namespace string, mode STSMode) {
	t.Helper()
	s.call(t, http.MethodPut, "/mode/"+string(mode)+"/"+namespace)
}

// Requests are what it was asked since Set.
func (s STS) Requests(t *testing.T) []url.Values {
	t.Helper()
	return s.call(t, http.MethodGet, "/requests")
}

func (s STS) call(t *testing.T, method, path string) []url.Values {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.cluster.Dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	var requests []url.Values
	if err := json.NewDecoder(response.Body).Decode(&requests); err != nil && method == http.MethodGet {
		t.Fatal(err)
	}
	return requests
}
