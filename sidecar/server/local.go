package server

import (
	"net"
	"net/http"
)

// requireLocal refuses requests that were not meant for the sidecar: one that a proxy forwarded, and one that a web page made a
// browser send to a name that resolves to 127.0.0.1 (DNS rebinding).
func requireLocal(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"X-Forwarded-For", "Forwarded"} {
			if len(r.Header.Values(name)) > 0 {
				forbidden("the request was forwarded").ServeHTTP(w, r)
				return
			}
		}
		if !localHost(r) {
			forbidden("the Host header names another server").ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// localHost reports whether the request names this host. The port is not compared, because one family of clients omits it
// (README, rule 10). HTTP/1.0, which no browser speaks, does not require a host at all.
func localHost(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "127.0.0.1" || host == "localhost" || host == "" && !r.ProtoAtLeast(1, 1)
}
