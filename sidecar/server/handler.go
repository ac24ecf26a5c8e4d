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

// authorize passes on requests with a token, and what its owner is served. It limits no rate and locks nobody out: one SDK sends a request without the token
// after each round of failures, and old ones never send it (README, rule 9).
func (s *Server) authorize(next func(http.ResponseWriter, *http.Request, Keeper)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		owner := s.tokens.find(r.Header.Get("Authorization"))
		if owner < 0 {
			s.unauthorized.record(r)
			unauthorized().ServeHTTP(w, r)
			return
		}
		connections.Trust(r.Context())
		next(w, r, s.keepers[owner])
	})
}

// credentials answers from memory. It waits only if there are no credentials yet, and never for the source itself but for the
// Keeper, which fetches once for all requests.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request, keeper Keeper) {
	if body, ok := keeper.Current().Body(s.wall()); ok {
		s.writeCredentials(w, body)
		return
	}
	timeout := time.After(firstCredentialsWait)
	for {
		changed := keeper.Changed()
		state := keeper.Current()
		body, ok := state.Body(s.wall())
		switch {
		case ok:
			s.writeCredentials(w, body)
			return
		case !state.Associated():
			unassociated(state.Reason()).ServeHTTP(w, r)
			return
		case state.Refused():
			refused(state.Reason()).ServeHTTP(w, r)
			return
		}
		// The credentials may have expired while the node was suspended, before the Keeper has noticed.
		keeper.Wake()
		select {
		case <-r.Context().Done():
			return
		case <-timeout:
			unavailable(state.Reason()).ServeHTTP(w, r)
			return
		case <-changed:
		}
	}
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
