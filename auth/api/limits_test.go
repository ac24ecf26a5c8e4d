package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/auth/exception"
)

func TestOnlyAClientOverItsRateIsThrottledAndNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, lines := handler(t, good())
		from := func(address string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(request))
			r.RemoteAddr = address + ":1234"
			recorder := httptest.NewRecorder()
			h.ServeHTTP(recorder, r)
			return recorder
		}
		for n := range 200 {
			if code := from("10.0.0.1").Code; code != http.StatusOK {
				t.Fatalf("request %d is answered with %d", n, code)
			}
		}
		r := from("10.0.0.1")
		assertException(t, r, exception.Throttling, "too many requests")
		if r.Header().Get("Retry-After") != "1" || lines.LastEntry().Level != logrus.DebugLevel {
			t.Errorf("%v, logged as %s", r.Header(), lines.LastEntry().Level)
		}
		if code := from("10.0.0.2").Code; code != http.StatusOK {
			t.Errorf("another client is answered with %d", code)
		}
		time.Sleep(time.Second)
		for n := range 10 {
			if code := from("10.0.0.1").Code; code != http.StatusOK {
				t.Fatalf("a second later request %d is answered with %d", n, code)
			}
		}
	})
}
