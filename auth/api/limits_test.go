package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
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
		if r.Header().Get("Connection") != "close" {
			t.Error("the connection is kept")
		}
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

func TestWhoHasManyAddressesOfANetworkIsThrottledAndOthersOfItAreNotByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := handler(t, good())
		allowed := func(address string, requests int) (allowed int) {
			for range requests {
				r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(request))
				r.RemoteAddr = address
				recorder := httptest.NewRecorder()
				h.ServeHTTP(recorder, r)
				if recorder.Code == http.StatusOK {
					allowed++
				}
			}
			return allowed
		}
		if got := allowed("[fd00:1::1]:1234", 3000); got != 200 {
			t.Errorf("of one address of a /64 %d requests are taken", got)
		}
		if got := allowed("[fd00:1::2]:1234", 3); got != 3 {
			t.Errorf("beside it, another of the /64 has %d requests of 3", got)
		}
		var all int
		for n := range 3000 {
			all += allowed(fmt.Sprintf("[fd00:1::1:%x]:1234", n), 1)
		}
		if want := 2000 - 203; all != want {
			t.Errorf("of many addresses of the /64 %d requests are taken; want %d", all, want)
		}
		if got := allowed("[fd00:1:0:1::1]:1234", 3) + allowed("10.0.0.1:1234", 3) + allowed("[::ffff:10.0.0.2]:1234", 3); got != 9 {
			t.Errorf("other networks have %d requests of 9", got)
		}
	})
}

func TestWhoSendsSlowlyKeepsNobodyElseOut(t *testing.T) {
	h, _ := handler(t, good())
	for n := range 1500 {
		reader, writer := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r := httptest.NewRequest(http.MethodPost, path, reader)
			r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1234", n/200, n%200)
			h.ServeHTTP(httptest.NewRecorder(), r)
		}()
		if _, err := io.WriteString(writer, request[:10]); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = writer.CloseWithError(io.ErrUnexpectedEOF) // never fails
			<-ended
		})
	}
	if r := post(h, path, request); r.Code != http.StatusOK {
		t.Errorf("another client is answered with %d", r.Code)
	}
}

func TestABodyThatBreaksOffIsRefused(t *testing.T) {
	h, _ := handler(t, good())
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, io.MultiReader(strings.NewReader(request[:20]), iotest.ErrReader(io.ErrUnexpectedEOF))))
	assertException(t, recorder, exception.InvalidRequest, "is not a JSON object")
}
