// Package nettest has connections in memory for tests of servers, so that testing/synctest has their time: none passes because the machine
// is busy.
package nettest

import (
	"context"
	"net"
	"sync"
)

// Listener accepts what Dial connects. Who dials waits for Accept, as connections wait in the queue of a kernel.
type Listener struct {
	dialed chan net.Conn
	closed chan struct{}
	close  func()
}

var _ net.Listener = (*Listener)(nil)

// Listen makes a Listener. A test that runs in a bubble of synctest calls it there.
func Listen() *Listener {
	l := &Listener{dialed: make(chan net.Conn), closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.closed) })
	return l
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.dialed:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *Listener) Close() error {
	l.close()
	return nil
}

// Addr implements net.Listener.
func (*Listener) Addr() net.Addr { return &net.TCPAddr{} }

// Dial connects from an IP address.
func (l *Listener) Dial(ctx context.Context, from string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.dialed <- peer{server, &net.TCPAddr{IP: net.ParseIP(from)}}:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// peer is the server's side of a connection.
type peer struct {
	net.Conn

	address *net.TCPAddr
}

// RemoteAddr implements net.Conn.
func (p peer) RemoteAddr() net.Addr { return p.address }
