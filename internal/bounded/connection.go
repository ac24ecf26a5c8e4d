package bounded

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"syscall"
)

// connection counts until it is closed.
type connection struct {
	net.Conn

	address  netip.Addr
	peer     netip.Prefix
	listener *listener
	// serving is true from the end of a request's header to the end of its response.
	serving atomic.Bool
}

// note is a hook of http.Server. The state says nothing about a handshake or a header that has not ended: who is slow with these
// is idle.
func note(conn net.Conn, state http.ConnState) {
	if encrypted, ok := conn.(*tls.Conn); ok {
		conn = encrypted.NetConn()
	}
	if counted, ok := conn.(*connection); ok {
		counted.serving.Store(state == http.StateActive)
	}
}

func (c *connection) idle() bool { return !c.serving.Load() }

func (c *connection) Close() error {
	c.listener.leave(c)
	return c.Conn.Close()
}

// SyscallConn is that of the socket, for those who have to know what the kernel has of the client.
func (c *connection) SyscallConn() (syscall.RawConn, error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return socket.SyscallConn()
}

// CloseWrite lets net/http send a last response whole, before it closes a connection whose request it has not read to its end.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
