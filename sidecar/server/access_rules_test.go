package server_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/sidecar/server"
)

func TestRule08TheRawHeaderIsCompared(t *testing.T) {
	h := handler(t, readySets(t))
	for header, status := range map[string]int{
		string(token):                    200,
		" " + string(token) + "\t":       200,
		"Bearer " + string(token):        200,
		"Bearer Bearer " + string(token): 401,
		"Basic " + string(token):         401,
		string(token) + "x":              401,
		string(token[:25]):               401,
		string(token[:25]) + "x":         401,
		strings.ToLower(string(token)):   401,
		"Bearer":                         401,
		strings.Repeat("A", 9000):        401,
	} {
		r := request()
		r.Header.Set("Authorization", header)
		if w := do(h, r); w.Code != status {
			t.Errorf("%.40q is answered with %d, want %d", header, w.Code, status)
		}
	}
}

func TestRule09RequestsWithoutTheTokenAreRefusedAtOnceAndLoggedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		log := logrus.New()
		log.SetOutput(&lines)
		k := newSets(t, source{delay: time.Hour})
		h := server.New(of(k), reporter(t, k), tokens(t), log, time.Now).Handler()
		before := time.Now()
		for range 1000 {
			r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2711"+path, nil)
			r.Header.Set("User-Agent", "old-sdk/1.0")
			expectError(t, do(h, r), 401)
		}
		if !time.Now().Equal(before) {
			t.Error("the refusals took time")
		}
		if n := strings.Count(lines.String(), "\n"); n != 1 || !strings.Contains(lines.String(), "old-sdk/1.0") ||
			!strings.Contains(lines.String(), "too old") {
			t.Errorf("%d lines: %s", n, lines.String())
		}
		time.Sleep(time.Minute)
		do(h, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:2711"+path, nil))
		if !strings.Contains(lines.String(), "skippedBefore=999") {
			t.Errorf("the next line does not count the skipped ones: %s", lines.String())
		}
	})
}

func TestRule10RequestsOfEveryClientAreAccepted(t *testing.T) {
	h := handler(t, readySets(t))
	for name, change := range map[string]func(*http.Request){
		"unchanged":                func(*http.Request) {},
		"with a query string":      func(r *http.Request) { r.URL.RawQuery = "a=b" },
		"with any Accept":          func(r *http.Request) { r.Header.Set("Accept", "text/html") },
		"without a User-Agent":     func(r *http.Request) { r.Header.Del("User-Agent") },
		"without a port in Host":   func(r *http.Request) { r.Host = "127.0.0.1" },
		"to localhost":             func(r *http.Request) { r.Host = "localhost:2711" },
		"by HTTP/1.0":              func(r *http.Request) { r.Proto, r.ProtoMinor = "HTTP/1.0", 0 },
		"by HTTP/1.0 without Host": func(r *http.Request) { r.Proto, r.ProtoMinor, r.Host = "HTTP/1.0", 0, "" },
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			change(r)
			if w := do(h, r); w.Code != 200 {
				t.Errorf("status %d: %s", w.Code, w.Body)
			}
		})
	}
}

func TestRequestsMeantForAnotherServerAreRefused(t *testing.T) {
	h := handler(t, readySets(t))
	for name, change := range map[string]func(*http.Request){
		"a name that DNS rebinding resolves to 127.0.0.1": func(r *http.Request) { r.Host = "rebind.example:2711" },
		"another address":                              func(r *http.Request) { r.Host = "10.0.0.1" },
		"a name that begins with our address":          func(r *http.Request) { r.Host = "127.0.0.1.example" },
		"no host":                                      func(r *http.Request) { r.Host = "" },
		"a forwarded request":                          func(r *http.Request) { r.Header.Set("X-Forwarded-For", "10.0.0.1") },
		"a forwarded request with an empty header":     func(r *http.Request) { r.Header.Set("X-Forwarded-For", "") },
		"a forwarded request with the standard header": func(r *http.Request) { r.Header.Set("Forwarded", "for=10.0.0.1") },
	} {
		t.Run(name, func(t *testing.T) {
			r := request()
			change(r)
			expectError(t, do(h, r), 403)
			r.URL.Path = "/v1/ready"
			expectError(t, do(h, r), 403)
		})
	}
}

func TestRule11NothingIsRedirectedOrCompressed(t *testing.T) {
	h := handler(t, readySets(t))
	for _, path := range []string{"//v1/credentials", "/v1/../v1/credentials", "/v1/credentials/", "/./v1/credentials", "/"} {
		r := request()
		r.URL.Path = path
		expectError(t, do(h, r), 404)
	}
	r := request()
	r.Header.Set("Accept-Encoding", "gzip")
	if w := do(h, r); w.Header().Get("Content-Encoding") != "" || w.Header().Get("Content-Length") == "" {
		t.Errorf("headers %v", w.Header())
	}
}
