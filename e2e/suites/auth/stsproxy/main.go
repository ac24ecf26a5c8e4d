// Stsproxy stands between the auth service and MinIO's STS, to which it passes every request on as it came, signature included. It is
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
		fmt.Fprintln(os.Stderr, "usage: stsproxy ADDRESS URL")
		os.Exit(1)
	}
	minio, err := url.Parse(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := &stsProxy{proxy: &httputil.ReverseProxy{
		// The Host stays as it came, for it is signed.
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = minio.Scheme, minio.Host },
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", p.sts)
	mux.HandleFunc("GET /requests", p.list)
	mux.HandleFunc("PUT /throttle", func(http.ResponseWriter, *http.Request) { p.throttle(true) })
	mux.HandleFunc("DELETE /throttle", func(http.ResponseWriter, *http.Request) { p.throttle(false) })
	server := &http.Server{Addr: os.Args[1], Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

type stsProxy struct {
	proxy *httputil.ReverseProxy

	mu        sync.Mutex
	throttled bool
	requests  []url.Values
}

func (p *stsProxy) throttle(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.throttled, p.requests = on, nil
}

func (p *stsProxy) sts(w http.ResponseWriter, r *http.Request) {
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
	p.mu.Lock()
	p.requests = append(p.requests, form)
	throttled := p.throttled
	p.mu.Unlock()
	if throttled {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	p.proxy.ServeHTTP(w, r)
}

// list tells what STS was asked since the last change.
func (p *stsProxy) list(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = json.NewEncoder(w).Encode(p.requests) // a client that has gone away does not matter
}
