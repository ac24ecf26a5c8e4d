package bench

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// server answers with a status, and with more than one segment of text.
func server(t *testing.T, status int) client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "close")
		w.WriteHeader(status)
		_, _ = w.Write(bytes.Repeat([]byte("x"), 100_000)) // in a test
	}))
	t.Cleanup(s.Close)
	return client{s.Listener.Addr().String(), []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}
}

func TestLoadIsCounted(t *testing.T) {
	l := server(t, http.StatusOK).run(t.Context(), 100, 4)
	if l.requests != 100 || l.errors != 0 || len(l.latencies) != 100 || l.latencies[0] <= 0 || l.p99() < l.latencies[50] || l.perSecond() <= 0 {
		t.Errorf("got %+v", l)
	}
	if l := server(t, http.StatusServiceUnavailable).run(t.Context(), 10, 2); l.errors != 10 {
		t.Errorf("%d errors of 10", l.errors)
	}
}

func TestAnythingButSuccessIsAnError(t *testing.T) {
	var answer bytes.Buffer
	if err := server(t, http.StatusForbidden).get(t.Context(), &answer); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("error %v", err)
	}
	if err := (client{address: "127.0.0.1:1"}).get(t.Context(), &answer); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("error %v", err)
	}
}
