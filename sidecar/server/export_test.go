package server

import "net/http"

// Endpoint is Handler without the router: all of what a GET of credentials passes through that is ours.
func (s *Server) Endpoint() http.Handler {
	return guard(s.authorize(http.HandlerFunc(s.credentials)))
}
