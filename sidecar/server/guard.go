package server

import (
	"net"
	"net/http"
)

// guard turns away what was not meant for the sidecar: a request that a proxy carried here, and one that a browser was
// led to send to a name that resolves to 127.0.0.1 (DNS rebinding).
func guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-Forwarded-For", "Forwarded"} {
			if len(r.Header.Values(name)) > 0 {
				foreign("the request was forwarded").ServeHTTP(w, r)
				return
			}
		}
		if !local(r) {
			foreign("the Host header names another server").ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// local tells whether the request names this host. The port is not compared, because one family of clients leaves it out
// (README, rule 10); HTTP/1.0 need not name a host at all, and no browser speaks it.
func local(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || host == "localhost" || host == "" && !r.ProtoAtLeast(1, 1)
}
