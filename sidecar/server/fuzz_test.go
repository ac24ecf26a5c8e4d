package server_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

// FuzzRequest sends whatever parses as a request. Only one with the token may get a secret, and no response may be a redirect or an
// internal error.
func FuzzRequest(f *testing.F) {
	h := handler(f, readySets(f))
	for _, text := range []string{
		"GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1:2711\r\nAuthorization: " + string(token) + "\r\n\r\n",
		"GET /v1/credentials HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer x\r\n\r\n",
		"GET //v1/credentials?a=b HTTP/1.0\r\n\r\n",
		"HEAD http://127.0.0.1/v1%2Fcredentials HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1\r\n\r\n",
		"POST /v1/ready?wait=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
		if err != nil {
			return // not a request
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(t.Context()))
		trusted := strings.Contains(r.Header.Get("Authorization"), string(token))
		if !trusted && strings.Contains(w.Body.String(), "SecretAccessKey") {
			t.Errorf("credentials without the token: %q", text)
		}
		if w.Code >= 300 && w.Code < 400 || w.Code == 500 {
			t.Errorf("status %d for %q", w.Code, text)
		}
	})
}

// FuzzAuthorization sends whatever a header can hold to a server of two containers. Only one with the token of a container may get what is its
// own, and no more than one container can be meant.
func FuzzAuthorization(f *testing.F) {
	made := tokens(f, "a", "b")
	h := pair(f, made)
	owners := map[string]string{string(token): "ASIA", contract.ContainerToken(string(token), "a"): "ASIAa", contract.ContainerToken(string(token), "b"): "ASIA"}
	for text := range owners {
		f.Add(text)
		f.Add("Bearer  " + text + " ")
		f.Add(text + text)
		f.Add(text + "\x00")
		f.Add(text[1:])
	}
	f.Fuzz(func(t *testing.T, header string) {
		bare := strings.Trim(strings.TrimPrefix(strings.Trim(header, " \t"), "Bearer "), " \t")
		want, ok := owners[bare]
		if !ok {
			want = "401 Unauthorized"
		}
		if got := answer(h, header); got != want {
			t.Errorf("%q gets %q, want %q", header, got, want)
		}
	})
}
