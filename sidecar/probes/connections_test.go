package probes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/internal/nettest"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// node has the pod's network in memory.
type node struct{ *nettest.Listener }

// probe is one of the kubelet, which has an address that no peer has. It waits as the probes of the sidecar do.
func (n node) probe(ctx context.Context, from, path string) (answer string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1"+path, nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return n.Dial(ctx, from) }}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(response.Body)
	return string(body), errors.Join(err, response.Body.Close())
}

// hold connects from address again and again, sends text, and holds each connection until the server ends it.
func (n node) hold(ctx context.Context, address, text string, held func()) {
	for ctx.Err() == nil {
		conn, err := n.Dial(ctx, address)
		if err != nil {
			return
		}
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		_, err = io.WriteString(conn, text)
		held()
		_, errRead := io.Copy(io.Discard, conn)
		_, _ = errors.Join(err, errRead), conn.Close()
		stop()
		time.Sleep(time.Millisecond) // so far away is the peer
	}
}

// bubble serves probes in a bubble of synctest.
func bubble(t *testing.T, reporter func(t *testing.T) *readiness.Reporter, test func(t *testing.T, n node)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := node{nettest.Listen()}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- Serve(ctx, n, reporter(t)) }()
		test(t, n)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestPeersThatHoldTheirConnectionsDoNotKeepTheKubeletOut(t *testing.T) {
	const beginning, whole = "GET /readyz HTTP/1.1\r\nHost: ", "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
	ready := func(t *testing.T) *readiness.Reporter { return status(t, &source{}, identity.Reading{}) }
	waiting := func(t *testing.T) *readiness.Reporter { return status(t, &source{delay: time.Hour}, associated()) }
	live, both := map[string]string{"/livez": well}, map[string]string{"/livez": well, "/readyz": started}
	for name, test := range map[string]struct {
		peers, each int
		text        string
		reporter    func(t *testing.T) *readiness.Reporter
		answers     map[string]string
	}{
		"one peer":                              {1, 50, beginning, ready, both},
		"as many peers as there is room":        {maxConnections, 2, beginning, ready, both},
		"more peers than there is room":         {3 * maxConnections, 1, beginning, ready, both},
		"those that wait for the start":         {12 * maxConnections, 2, whole, waiting, live},
		"those that send nothing":               {3 * maxConnections, 1, "", ready, both},
		"those whose requests are never at end": {3 * maxConnections, 1, "GET /readyz HTTP/1.1\r\n", ready, both},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, test.reporter, func(t *testing.T, n node) {
				ctx, stop := context.WithCancel(t.Context())
				var all, begun sync.WaitGroup
				begun.Add(test.peers * test.each)
				for peer := range test.peers {
					for range test.each {
						once := sync.OnceFunc(begun.Done)
						all.Go(func() { n.hold(ctx, fmt.Sprintf("10.0.%d.%d", peer/250, peer%250), test.text, once) })
					}
				}
				begun.Wait()
				for range 20 {
					for path, want := range test.answers {
						if answer, err := n.probe(t.Context(), "10.1.0.1", path); err != nil || answer != want {
							t.Errorf("%s is answered with %q, %v", path, answer, err)
						}
					}
				}
				stop()
				all.Wait()
			})
		})
	}
}

// TestAProbeThatHasArrivedIsAnsweredHoweverLateTheProcessIs: on a busy node, the connection of a probe was closed while its request was handled,
// because others waited.
func TestAProbeThatHasArrivedIsAnsweredHoweverLateTheProcessIs(t *testing.T) {
	late := func(t *testing.T) *readiness.Reporter {
		return statusAt(t, &source{}, identity.Reading{}, func() time.Time {
			time.Sleep(time.Second)
			return time.Now()
		})
	}
	for path, want := range map[string]string{"/livez": well, "/readyz": started} {
		t.Run(path, func(t *testing.T) {
			bubble(t, late, func(t *testing.T, n node) {
				var all sync.WaitGroup
				for peer := range 2 * maxConnections {
					all.Go(func() {
						if answer, err := n.probe(t.Context(), fmt.Sprintf("10.0.0.%d", peer), path); err != nil || answer != want {
							t.Errorf("a probe is answered with %q, %v", answer, err)
						}
					})
				}
				all.Wait()
			})
		})
	}
}

func TestASilentConnectionIsClosedAfterASecond(t *testing.T) {
	bubble(t, func(t *testing.T) *readiness.Reporter { return status(t, &source{}, identity.Reading{}) }, func(t *testing.T, n node) {
		conn, err := n.Dial(t.Context(), "10.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		before := time.Now()
		_, err = conn.Read(make([]byte, 1))
		if held := time.Since(before); !errors.Is(err, io.EOF) || held != time.Second {
			t.Errorf("it was closed with %v after %s", err, held)
		}
	})
}
