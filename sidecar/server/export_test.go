package server

import "net/http"

// Endpoint is Handler without the router: all code of ours that a GET of credentials runs.
func (s *Server) Endpoint() http.Handler {
	return requireLocal(s.authorize(s.credentials))
}
