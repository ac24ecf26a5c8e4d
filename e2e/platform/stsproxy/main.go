// Stsproxy stands between a client of STS in a cluster and MinIO, to which it passes every request on as it came, signature included. It
// is a fake in what MinIO does not do on command: it says what it was asked, throttles, refuses or is silent, for everybody or for the pods
// of a namespace, and shortens sessions below the 15 minutes that STS gives at least.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: stsproxy ADDRESS URL LIFETIME")
		os.Exit(1)
	}
	minio, err := url.Parse(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lifetime, err := time.ParseDuration(os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := &stsProxy{modes: map[string]string{}}
	p.proxy = &httputil.ReverseProxy{
		// The Host stays as it came, for it is signed.
		Rewrite:        func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = minio.Scheme, minio.Host },
		ModifyResponse: func(r *http.Response) error { return shorten(r, lifetime) },
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /", p.sts)
	mux.HandleFunc("GET /requests", p.list)
	mux.HandleFunc("PUT /mode/{mode}", func(_ http.ResponseWriter, r *http.Request) { p.set("", r.PathValue("mode")) })
	mux.HandleFunc("PUT /mode/{mode}/{namespace}", func(_ http.ResponseWriter, r *http.Request) { p.set(r.PathValue("namespace"), r.PathValue("mode")) })
	server := &http.Server{Addr: os.Args[1], Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	fmt.Fprintln(os.Stderr, server.ListenAndServe())
	os.Exit(1)
}

type stsProxy struct {
	proxy *httputil.ReverseProxy

	mu sync.Mutex
	// modes are those of namespaces, and that of everybody else under "".
	modes    map[string]string
	requests []url.Values
}

func (p *stsProxy) set(namespace, mode string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.modes[namespace] = mode
	if namespace == "" {
		p.requests = nil
	}
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
	mode, known := p.modes[namespaceOf(form.Get("WebIdentityToken"))]
	if !known {
		mode = p.modes[""]
	}
	p.mu.Unlock()
	switch mode {
	case "throttling":
		refuse(w, http.StatusBadRequest, "Throttling", "Rate exceeded")
	case "refusing":
		refuse(w, http.StatusForbidden, "AccessDenied", "this STS refuses everyone")
	case "silent":
		<-r.Context().Done()
	default:
		r.Body = io.NopCloser(bytes.NewReader(body))
		p.proxy.ServeHTTP(w, r)
	}
}

// namespaceOf is the namespace of the service account whose token it is, or "".
func namespaceOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	// Who it really is, MinIO finds out.
	var claims struct {
		Subject string `json:"sub"`
	}
	if err := json.Unmarshal(text, &claims); err != nil {
		return ""
	}
	namespace, _, _ := strings.Cut(strings.TrimPrefix(claims.Subject, "system:serviceaccount:"), ":")
	return namespace
}

// refuse answers as AWS does.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	// A client that has gone away does not matter.
	_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message)
}

// shorten has a session end after the lifetime, where that is not zero. MinIO gives it for longer: who uses it later is not found out.
func shorten(r *http.Response, lifetime time.Duration) error {
	if lifetime == 0 || r.StatusCode != http.StatusOK {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	end := time.Now().Add(lifetime).UTC().Format(time.RFC3339)
	body = regexp.MustCompile(`<Expiration>.*?</Expiration>`).ReplaceAll(body, []byte("<Expiration>"+end+"</Expiration>"))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// list tells what STS was asked since the mode of everybody was set.
func (p *stsProxy) list(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = json.NewEncoder(w).Encode(p.requests) // a client that has gone away does not matter
}
