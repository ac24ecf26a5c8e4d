// Package bounded has HTTP servers whose memory does not depend on who reaches them. It imports nothing of Kubernetes, since the
// sidecar uses it.
package bounded

import (
	"net/http"
	"time"
)

// Limits bound one server. All are required.
type Limits struct {
	// Connections are all that are open at once, and PeerConnections those of one address of IPv4, or one /64 of IPv6.
	Connections, PeerConnections int
	// HeaderBytes is the size of a request's header. net/http reads 4 KiB more before it answers 431.
	HeaderBytes int
	// ReadHeader, also the time for a TLS handshake, and Read count from the first byte of a request; Write from the end of its
	// header; Idle from the end of a response.
	ReadHeader, Read, Write, Idle time.Duration
}

// NewServer makes a server of HTTP/1.1 alone. By HTTP/2, one connection could carry hundreds of requests at once.
func NewServer(handler http.Handler, limits Limits) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:           handler,
		Protocols:         &protocols,
		MaxHeaderBytes:    limits.HeaderBytes,
		ReadHeaderTimeout: limits.ReadHeader,
		ReadTimeout:       limits.Read,
		WriteTimeout:      limits.Write,
		IdleTimeout:       limits.Idle,
		ConnState:         note,
	}
}
