package server

import (
	"net/http"
	"time"

	"github.com/podidentity/podidentity/sidecar/connections"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

// firstCredentialsWait is how long a request waits for the first credentials. The strictest SDKs give up after a second in all
// (README, rules 13 and 14).
const firstCredentialsWait = 700 * time.Millisecond

// authorize passes on requests with the token. It limits no rate and locks nobody out: one SDK sends a request without the token
// after each round of failures, and old ones never send it (README, rule 9).
func (s *Server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.token.matches(r.Header.Get("Authorization")) {
			s.unauthorized.record(r)
			unauthorized().ServeHTTP(w, r)
			return
		}
		connections.Trust(r.Context())
		next.ServeHTTP(w, r)
	})
}

// credentials answers from memory. It waits only if there are no credentials yet, and never for the source itself but for the
// Keeper, which fetches once for all requests.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request) {
	state := s.keeper.Current()
	if body, ok := state.Body(s.wall()); ok {
		s.writeCredentials(w, body)
		return
	}
	timeout := time.After(firstCredentialsWait)
	for state.Associated() && !state.Refused() {
		// The credentials may have expired while the node was suspended, before the Keeper has noticed.
		s.keeper.Wake()
		select {
		case <-r.Context().Done():
			return
		case <-timeout:
			unavailable(state.Reason()).ServeHTTP(w, r)
			return
		case <-state.Replaced():
		}
		state = s.keeper.Current()
		if body, ok := state.Body(s.wall()); ok {
			s.writeCredentials(w, body)
			return
		}
	}
	if !state.Associated() {
		unassociated(state.Reason()).ServeHTTP(w, r)
		return
	}
	refused(state.Reason()).ServeHTTP(w, r)
}

// writeCredentials is writeJSON without allocations, for the most frequent response: all values of its headers exist already.
func (s *Server) writeCredentials(w http.ResponseWriter, body *credentials.Body) {
	header := w.Header()
	header["Content-Type"] = s.contentType
	header["Cache-Control"] = s.noStore
	header["Content-Length"] = body.Length
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body.Bytes)
}
