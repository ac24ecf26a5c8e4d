package readiness_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/sidecar/readiness"
)

// sidecar is a fake one that gives these answers in turn. Package server tests the real one.
func sidecar(t *testing.T, answers ...string) string {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/ready" || r.URL.Query().Get("wait") == "" {
			http.Error(w, "unexpected request "+r.URL.String(), http.StatusBadRequest)
			return
		}
		answer := answers[min(n, len(answers)-1)]
		n++
		if answer == closes {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

const (
	testTimeout = time.Minute
	// closes is the answer of a sidecar that closes the connection.
	closes = "closes"
)

func TestClientReturnsTheStatusOnceItIsNotPending(t *testing.T) {
	pending := `{"state":"pending","reason":"not yet"}`
	for name, test := range map[string]struct {
		answers []string
		want    readiness.Status
	}{
		"credentials":    {[]string{`{"state":"available"}`}, readiness.Status{State: "available"}},
		"no association": {[]string{`{"state":"unassociated","reason":"none"}`}, readiness.Status{State: "unassociated", Reason: "none"}},
		"a refusal":      {[]string{`{"state":"refused","reason":"no"}`}, readiness.Status{State: "refused", Reason: "no"}},
		"credentials after a connection was closed": {[]string{closes, `{"state":"available"}`}, readiness.Status{State: "available"}},
		"credentials after a while":                 {[]string{pending, pending, `{"state":"available"}`}, readiness.Status{State: "available"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readiness.Client{Address: sidecar(t, test.answers...), Timeout: testTimeout}.Wait(t.Context())
			if err != nil || got != test.want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestClientWaitsForASidecarThatStarts(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	waited := make(chan error, 1)
	go func() {
		status, err := readiness.Client{Address: address, Timeout: testTimeout}.Wait(t.Context())
		if err == nil && status.State != readiness.Available {
			err = fmt.Errorf("status %+v", status)
		}
		waited <- err
	}()
	listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp4", address)
	if err != nil {
		t.Fatalf("another process has taken the port: %v", err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"state":"available"}`)
	}))
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestClientThatGetsNoStatusSaysWhy(t *testing.T) {
	t.Run("nothing listens until the timeout", func(t *testing.T) {
		_, err := readiness.Client{Address: "127.0.0.1:1", Timeout: 30 * time.Millisecond}.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "does not answer on 127.0.0.1:1") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("something else listens there", func(t *testing.T) {
		other := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(other.Close)
		_, err := readiness.Client{Address: other.Listener.Addr().String(), Timeout: testTimeout}.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "is not a sidecar") {
			t.Errorf("error %v", err)
		}
	})
}
