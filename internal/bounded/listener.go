package bounded

import (
	"net"
	"net/netip"
	"slices"
	"sync"
)

// NewListener accepts what inner accepts, within the limits, and closes a connection beyond them at once. Where there is no room
// left, a peer with fewer connections takes the place of one of the peer with most: whoever has some addresses cannot keep out
// others. netutil.LimitListener of golang.org/x/net would leave all in the queue of the kernel, and it knows no peers.
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
		address := addressOf(accepted.RemoteAddr())
		c := &connection{Conn: accepted, address: address, peer: PeerOf(address), listener: l}
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
	if len(l.peers[c.peer]) >= l.limits.PeerConnections || l.all >= l.limits.Connections {
		beyond = l.replacedBy(c)
		if beyond == c {
			return c
		}
		l.remove(beyond)
	}
	l.all++
	l.peers[c.peer] = append(l.peers[c.peer], c)
	return beyond
}

// replacedBy is the connection that makes room for another, or that other itself. A network with more connections gives one up, or
// an address with more of the same network: a pod whose node has its address in the same /64 cannot keep that out.
func (l *listener) replacedBy(c *connection) *connection {
	own, crowd := l.peers[c.peer], largest(l.peers)
	isOwn := len(own) >= l.limits.PeerConnections || len(crowd) <= len(own)+1
	if isOwn {
		crowd = own
	}
	addresses := map[netip.Addr][]*connection{}
	for _, other := range crowd {
		addresses[other.address] = append(addresses[other.address], other)
	}
	most := largest(addresses)
	if isOwn && len(most) <= len(addresses[c.address])+1 {
		return c
	}
	return leastUsed(most)
}

func largest[K comparable](groups map[K][]*connection) (most []*connection) {
	for _, connections := range groups {
		if len(connections) > len(most) {
			most = connections
		}
	}
	return most
}

// leastUsed is the oldest connection without a request, or the oldest of all.
func leastUsed(connections []*connection) *connection {
	return connections[max(0, slices.IndexFunc(connections, (*connection).idle))]
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

func addressOf(remote net.Addr) netip.Addr {
	tcp, ok := remote.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}

// PeerOf is an address of IPv4, or a network of IPv6: one host has a whole /64 of these.
func PeerOf(address netip.Addr) netip.Prefix {
	if address.Is6() {
		return netip.PrefixFrom(address, 64).Masked()
	}
	return netip.PrefixFrom(address, address.BitLen())
}
