package server

import (
	"bytes"
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// connections accepts a bounded number of connections at once. All come from 127.0.0.1, so that their address does not tell an
// application from a container without credentials; the authorization token does. While the bound is reached, connections that have
// not shown the token in time are closed. Without that, a few hundred silent ones would keep the application out.
type connections struct {
	net.Listener

	limit int
	// released is sent to when a connection is closed.
	released chan struct{}

	mu        sync.Mutex
	open      int
	untrusted []*connection // oldest first
	// pauses counts those of Accept. It is the clock by which connections age: that of the node goes on while the CPU limit keeps
	// this process from reading what has arrived.
	pauses int
}

func newConnections(listener net.Listener, limit int) *connections {
	return &connections{Listener: listener, limit: limit, released: make(chan struct{}, 1)}
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, listener: l}
	for !l.enter(c) {
		select {
		case <-l.released:
		case <-time.After(pause):
			l.closeStale()
		}
	}
	return c, nil
}

func (l *connections) enter(c *connection) (entered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.limit {
		return false
	}
	l.open++
	c.since = l.pauses
	l.untrusted = append(l.untrusted, c)
	return true
}

// closeStale closes the connections that have shown no token for maxPauses, unless it is this process that is late.
func (l *connections) closeStale() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pauses++
	for _, c := range slices.Clone(l.untrusted) {
		if l.pauses-c.since > maxPauses && c.waits.Load() {
			l.remove(c)
			_ = c.Conn.Close() // net/http notices
		}
	}
}

// remove ends the count of c, if it is counted. It requires the lock.
func (l *connections) remove(c *connection) {
	if c.gone {
		return
	}
	c.gone = true
	l.open--
	l.forget(c)
	select {
	case l.released <- struct{}{}:
	default:
	}
}

func (l *connections) forget(c *connection) {
	if i := slices.Index(l.untrusted, c); i >= 0 {
		l.untrusted = slices.Delete(l.untrusted, i, i+1)
	}
}

// connection is one of connections.
type connection struct {
	net.Conn

	listener *connections
	lines    int
	// waits tells that the client has to send something, and not this process to do something.
	waits atomic.Bool
	since int  // of listener.pauses
	gone  bool // guarded by listener.mu
}

// Read implements net.Conn. A connection carries one request without a body, so its lines are those of the header.
func (c *connection) Read(p []byte) (int, error) {
	c.waits.Store(true)
	n, err := c.Conn.Read(p)
	c.waits.Store(false)
	if c.lines += bytes.Count(p[:n], []byte("\n")); c.lines > maxLines {
		return 0, errors.New("the header has too many lines")
	}
	return n, err
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.listener.mu.Lock()
	c.listener.remove(c)
	c.listener.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite lets net/http send a refusal whole, before it closes a connection whose request it has not read to its end.
func (c *connection) CloseWrite() error {
	c.waits.Store(true) // net/http gives the client time to read it
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type connectionKey struct{}

// withConnection is the ConnContext of an http.Server.
func withConnection(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, c)
}

// trust keeps the connection of a request open, once that has shown the token.
func trust(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		c.listener.forget(c)
	}
}
