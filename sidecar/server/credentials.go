package server

import (
	"net/http"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// hold is how long a request waits for the first credentials; the strictest SDKs give up after a second, all in all
// (README, rules 13 and 14).
const hold = 700 * time.Millisecond

// authorize lets pass who has the token. It sets no limit and locks nobody out: one SDK sends a request without the token
// after each round of failures, and old ones never send it (README, rule 9).
func (s *Server) authorize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.token.matches(r.Header.Get("Authorization")) {
			s.strangers.report(r)
			unauthorized().ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// credentials answers from memory. Only where there is nothing to answer with does it wait, and then not for STS but for
// the Keeper, which asks STS once for everybody.
func (s *Server) credentials(w http.ResponseWriter, r *http.Request) {
	state := s.keeper.Current()
	if body, ok := state.Body(s.wall()); ok {
		s.succeed(w, body)
		return
	}
	limit := time.After(hold)
	for state.Associated() && !state.Refused() {
		// They may have expired during a suspension of the node that nobody has noticed yet.
		s.keeper.Nudge()
		select {
		case <-r.Context().Done():
			return
		case <-limit:
			unavailable(state.Reason()).ServeHTTP(w, r)
			return
		case <-state.Replaced():
		}
		state = s.keeper.Current()
		if body, ok := state.Body(s.wall()); ok {
			s.succeed(w, body)
			return
		}
	}
	if !state.Associated() {
		unassociated(state.Reason()).ServeHTTP(w, r)
		return
	}
	refused(state.Reason()).ServeHTTP(w, r)
}

// succeed is send for the answer that is given most: all its values are made already.
func (s *Server) succeed(w http.ResponseWriter, body *credentials.Body) {
	header := w.Header()
	header["Content-Type"] = s.contentType
	header["Cache-Control"] = s.noStore
	header["Content-Length"] = body.Length
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body.Bytes)
}
