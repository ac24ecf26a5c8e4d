// Front stands between the auth service and MinIO's STS, to which it passes every request on as it came, signature included. It is
// a fake in what MinIO does not do: it says what it was asked, and refuses for too many calls on command.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: front ADDRESS URL")
		os.Exit(1)
	}
	minio, err := url.Parse(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	f := &front{proxy: &httputil.ReverseProxy{
		// The Host stays as it came, for it is signed.
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = minio.Scheme, minio.Host },
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", f.sts)
	mux.HandleFunc("GET /asked", f.tell)
	mux.HandleFunc("PUT /throttle", func(http.ResponseWriter, *http.Request) { f.throttle(true) })
	mux.HandleFunc("DELETE /throttle", func(http.ResponseWriter, *http.Request) { f.throttle(false) })
	server := &http.Server{Addr: os.Args[1], Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

type front struct {
	proxy *httputil.ReverseProxy

	mu        sync.Mutex
	throttled bool
	asked     []url.Values
}

func (f *front) throttle(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.throttled, f.asked = on, nil
}

func (f *front) sts(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.mu.Lock()
	f.asked = append(f.asked, form)
	throttled := f.throttled
	f.mu.Unlock()
	if throttled {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	f.proxy.ServeHTTP(w, r)
}

// tell says what STS was asked since the last change.
func (f *front) tell(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_ = json.NewEncoder(w).Encode(f.asked) // a client that has gone away is nobody's problem
}
