// Package connections accepts a bounded number of connections at once and lets none of their clients keep the others out.
package connections

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

const (
	// pause and maxPauses give a connection 20 ms to be trusted, where there is no room for another one.
	pause     = 5 * time.Millisecond
	maxPauses = 4
	// maxLines bounds the fields of a header: 8 KiB can hold a thousand of them, which net/http would expand to ten times as much.
	maxLines = 100
)

// listener accepts a bounded number of connections at once. Where the bound is reached, connections are closed that their clients keep
// waiting and that are not trusted; their address would not tell who they are, since those of a pod all come from 127.0.0.1. Without that, a few hundred silent ones would keep the others out.
type listener struct {
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

// New accepts what inner accepts, limit connections at once. The others wait.
func New(inner net.Listener, limit int) net.Listener {
	return &listener{Listener: inner, limit: limit, released: make(chan struct{}, 1)}
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
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

func (l *listener) enter(c *connection) (entered bool) {
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

// closeStale closes the connections that have not been trusted for maxPauses, unless it is this process that is late.
func (l *listener) closeStale() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pauses++
	for _, c := range slices.Clone(l.untrusted) {
		if l.pauses-c.since > maxPauses && c.keepsWaiting() {
			_ = c.Conn.Close() // net/http notices
			l.remove(c)
		}
	}
}

// remove ends the count of c, if it is counted. It requires the lock.
func (l *listener) remove(c *connection) {
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

func (l *listener) forget(c *connection) {
	if i := slices.Index(l.untrusted, c); i >= 0 {
		l.untrusted = slices.Delete(l.untrusted, i, i+1)
	}
}

// connection is one that a listener has accepted.
type connection struct {
	net.Conn

	listener *listener
	lines    int
	last     byte // that was read, of those that matter to end
	// waits tells that the kernel has nothing of the client.
	waits atomic.Bool
	// whole tells that the header has arrived, and unjudged that nobody has said yet what it is worth.
	whole, unjudged atomic.Bool
	since           int  // of listener.pauses
	gone            bool // guarded by listener.mu
}

// keepsWaiting tells that the client has to send something, and not this process to do something.
func (c *connection) keepsWaiting() bool {
	return c.waits.Load() && (!c.whole.Load() || !c.unjudged.Load())
}

// Read implements net.Conn. A connection carries one request without a body, so its lines are those of the header.
func (c *connection) Read(p []byte) (int, error) {
	n, err := c.read(p)
	c.end(p[:n])
	if c.lines += bytes.Count(p[:n], []byte("\n")); c.lines > maxLines {
		return 0, errors.New("the header has too many lines")
	}
	return n, err
}

// end notes the end of the header, which is an empty line.
func (c *connection) end(text []byte) {
	for _, b := range text {
		if b == '\n' && c.last == '\n' {
			c.whole.Store(true)
		}
		if b != '\r' {
			c.last = b
		}
	}
}

// readAny reads from a connection that is no socket.
func (c *connection) readAny(p []byte) (int, error) {
	c.waits.Store(true)
	defer c.waits.Store(false)
	return c.Conn.Read(p)
}

// Close implements net.Conn.
func (c *connection) Close() error {
	// First, so that a listener below that counts too does not find one too many when another connection takes the place.
	err := c.Conn.Close()
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.listener.remove(c)
	return err
}

// CloseWrite lets net/http send a refusal whole, before it closes a connection whose request it has not read to its end.
func (c *connection) CloseWrite() error {
	c.unjudged.Store(false)
	c.waits.Store(true) // net/http gives the client time to read it
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type connectionKey struct{}

// Context is the ConnContext of an http.Server whose handler calls Trust or Distrust for each request. Until then a client whose
// header has arrived is not waited for: net/http tries to read more meanwhile, but it is for the handler to go on.
func Context(ctx context.Context, c net.Conn) context.Context {
	if c, ok := c.(*connection); ok {
		c.unjudged.Store(true)
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// Trust keeps the connection of a request open, whoever else waits.
func Trust(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.listener.mu.Lock()
		defer c.listener.mu.Unlock()
		c.listener.forget(c)
	}
}

// Distrust has the connection of a request make room for others, unless it is trusted.
func Distrust(ctx context.Context) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.unjudged.Store(false)
	}
}
