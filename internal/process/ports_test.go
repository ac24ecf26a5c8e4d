package process

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// runnables collects what is added to a manager, which a test starts itself.
type runnables struct {
	manager.Manager

	added []manager.Runnable
}

func (r *runnables) Add(runnable manager.Runnable) error {
	r.added = append(r.added, runnable)
	return nil
}

// start serves the ports, and returns their addresses by name.
func start(t *testing.T, ready map[string]healthz.Checker) map[string]string {
	t.Helper()
	var mgr runnables
	if err := (Ports{Health: "127.0.0.1:0", Metrics: "127.0.0.1:0"}).Add(&mgr, ready); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended, addresses := make(chan error, len(mgr.added)), map[string]string{}
	for _, runnable := range mgr.added {
		server := runnable.(*manager.Server)
		addresses[server.Name] = server.Listener.Addr().String()
		go func() { ended <- server.Start(ctx) }()
	}
	t.Cleanup(func() {
		stop()
		for range mgr.added {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
	return addresses
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // only read from
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestProbesAndMetricsAreServed(t *testing.T) {
	ready := errors.New("the associations are not read yet")
	at := start(t, map[string]healthz.Checker{
		"certificate": healthz.Ping,
		"identities":  func(*http.Request) error { return ready },
	})
	if status, text := get(t, "http://"+at["health"]+"/readyz"); status != http.StatusInternalServerError || !strings.Contains(text, "[-]identities failed") {
		t.Errorf("a process that is not ready: %d %s", status, text)
	}
	ready = nil
	for url, want := range map[string]string{
		at["health"] + "/healthz":            "ok",
		at["health"] + "/healthz/ping":       "ok",
		at["health"] + "/readyz":             "ok",
		at["health"] + "/readyz/certificate": "ok",
		at["metrics"] + "/metrics":           "go_goroutines",
	} {
		if status, text := get(t, "http://"+url); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d %.200s", url, status, text)
		}
	}
	if status, _ := get(t, "http://"+at["health"]+"/metrics"); status != http.StatusNotFound {
		t.Errorf("the other port has metrics too: %d", status)
	}
}

func TestOneAddressDoesNotKeepOutTheKubelet(t *testing.T) {
	for name, address := range start(t, nil) {
		t.Run(name, func(t *testing.T) {
			dial := func(from string) *bufio.Reader {
				dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
				conn, err := dialer.DialContext(t.Context(), "tcp4", address)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })                           // only used to occupy the server
				_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // the answer tells
				return bufio.NewReader(conn)
			}
			for range 8 {
				if _, err := http.ReadResponse(dial("127.0.0.2"), nil); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := http.ReadResponse(dial("127.0.0.2"), nil); err == nil {
				t.Error("the ninth connection of an address is served")
			}
			if _, err := http.ReadResponse(dial("127.0.0.1"), nil); err != nil {
				t.Errorf("another address is not: %v", err)
			}
		})
	}
}

func TestHeadersOfThePortsAreSmall(t *testing.T) {
	for name, address := range start(t, nil) {
		t.Run(name, func(t *testing.T) {
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp4", address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			go func() { _, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nA: "+strings.Repeat("a", 9000)) }() // the server may close first
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
				t.Errorf("%v, %v", response, err)
			}
		})
	}
}

func TestAPortThatIsTakenOrOffIsTold(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	var mgr runnables
	err = Ports{Health: taken.Addr().String(), Metrics: "0"}.Add(&mgr, nil)
	if err == nil || !strings.Contains(err.Error(), "listen for health") || len(mgr.added) != 0 {
		t.Errorf("%v, %d servers", err, len(mgr.added))
	}
}
