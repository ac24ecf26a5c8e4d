package metrics_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/internal/nettest"
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
	synctest.Test(t, func(t *testing.T) {
		listener := nettest.Listen()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- metrics.New().Serve(ctx, listener) }()
		dial := func(ctx context.Context, _, from string) (net.Conn, error) {
			return listener.Dial(ctx, strings.TrimSuffix(from, ":80"))
		}
		get := func(from, header string) (status int, err error) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+from+"/metrics", nil)
			if err != nil {
				return 0, err
			}
			r.Header.Set("A", header)
			response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dial}}).Do(r)
			if err != nil {
				return 0, err
			}
			return response.StatusCode, response.Body.Close()
		}
		if status, err := get("10.0.0.1", strings.Repeat("a", 2<<10)); status != http.StatusOK {
			t.Errorf("a scrape is answered with %d, %v", status, err)
		}
		if status, err := get("10.0.0.1", strings.Repeat("a", 9<<10)); status != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("a header too large is answered with %d, %v", status, err)
		}
		for range 4 {
			if _, err := listener.Dial(t.Context(), "10.0.0.2"); err != nil {
				t.Fatal(err)
			}
		}
		if status, err := get("10.0.0.2", "b"); err == nil {
			t.Errorf("the fifth connection of an address is answered with %d", status)
		}
		if status, err := get("10.0.0.1", "b"); status != http.StatusOK {
			t.Errorf("another address is answered with %d, %v", status, err)
		}
		time.Sleep(time.Second) // so long at most net/http leaves a client to read its refusal
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
}
