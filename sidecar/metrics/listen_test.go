package metrics_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/sidecar/metrics"
)

func TestServeReturnsWhenItsContextIsDone(t *testing.T) {
	listener, err := metrics.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := metrics.Listen(t.Context(), listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "--metrics") {
		t.Errorf("error %v on an address in use", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := metrics.New().Serve(ctx, listener); err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestScrapesAreBounded(t *testing.T) {
	listener, err := metrics.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- metrics.New().Serve(ctx, listener) }()
	get := func(header string) (status int, err error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/metrics", nil)
		if err != nil {
			return 0, err
		}
		r.Header.Set("A", header)
		response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
		if err != nil {
			return 0, err
		}
		return response.StatusCode, response.Body.Close()
	}
	if status, err := get(strings.Repeat("a", 2<<10)); status != http.StatusOK {
		t.Errorf("a scrape is answered with %d, %v", status, err)
	}
	if status, err := get(strings.Repeat("a", 9<<10)); status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header too large is answered with %d, %v", status, err)
	}
	silent := make([]net.Conn, 4)
	for i := range silent {
		if silent[i], err = new(net.Dialer).DialContext(t.Context(), "tcp4", listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	if status, err := get("b"); err == nil {
		t.Errorf("the fifth connection of an address is answered with %d", status)
	}
	for _, conn := range silent {
		_ = conn.Close() // it may be closed already
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}
