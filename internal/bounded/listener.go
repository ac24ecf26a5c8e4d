package bounded

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// NewListener accepts what inner accepts, within the limits, and closes a connection beyond them at once. Where there is no room
// left, a peer with fewer connections takes the place of the oldest of the peer with most: whoever has some addresses cannot
// keep out others. netutil.LimitListener of golang.org/x/net would leave all in the queue of the kernel, and it knows no peers.
func NewListener(inner net.Listener, limits Limits) net.Listener {
	return &listener{Listener: inner, limits: limits, peers: map[netip.Prefix][]*connection{}}
}

type listener struct {
	net.Listener

	limits Limits

	mu  sync.Mutex
	all int
	// peers have their connections, the oldest first.
	peers map[netip.Prefix][]*connection
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		accepted, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &connection{Conn: accepted, peer: peerOf(accepted.RemoteAddr()), listener: l}
		beyond := l.enter(c)
		if beyond != nil {
			_ = beyond.Conn.Close() // its client learns nothing more
		}
		if beyond != c {
			return c, nil
		}
	}
}

// enter returns the connection that is beyond the limits, or nil: the new one, or the one that makes room for it.
func (l *listener) enter(c *connection) (beyond *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.peers[c.peer]) >= l.limits.PeerConnections {
		return c
	}
	if l.all >= l.limits.Connections {
		largest := l.largest()
		if len(largest) <= len(l.peers[c.peer])+1 {
			return c
		}
		beyond = largest[0]
		l.remove(beyond)
	}
	l.all++
	l.peers[c.peer] = append(l.peers[c.peer], c)
	return beyond
}

func (l *listener) largest() (most []*connection) {
	for _, connections := range l.peers {
		if len(connections) > len(most) {
			most = connections
		}
	}
	return most
}

func (l *listener) leave(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(c)
}

// remove does nothing where the connection has been removed before.
func (l *listener) remove(c *connection) {
	i := slices.Index(l.peers[c.peer], c)
	if i < 0 {
		return
	}
	l.all--
	l.peers[c.peer] = slices.Delete(l.peers[c.peer], i, i+1)
	if len(l.peers[c.peer]) == 0 {
		delete(l.peers, c.peer)
	}
}

// peerOf is an address of IPv4, or a network of IPv6: one host has a whole /64 of these.
func peerOf(address net.Addr) netip.Prefix {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.Prefix{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.Is6() {
		return netip.PrefixFrom(ip.WithZone(""), 64).Masked()
	}
	return netip.PrefixFrom(ip, ip.BitLen())
}

// connection counts until it is closed.
type connection struct {
	net.Conn

	peer     netip.Prefix
	listener *listener
}

func (c *connection) Close() error {
	c.listener.leave(c)
	return c.Conn.Close()
}

// CloseWrite lets net/http send a last response whole, before it closes a connection whose request it has not read to its end.
func (c *connection) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
