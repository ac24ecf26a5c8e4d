package bounded

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"slices"
	"testing"
)

// After each of many connections, closes, requests and responses, in random order, the limits hold and nobody was closed but for a reason.
func TestAListenerAlwaysKeepsItsLimitsAndClosesTheLeastUsedConnectionOfWhoHasMost(t *testing.T) {
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		l := NewListener(nil, Limits{Connections: 1 + random.IntN(12), PeerConnections: 1 + random.IntN(8)}).(*listener)
		var open []*connection
		for range 500 {
			switch chosen := random.IntN(4); {
			case chosen < 2:
				address := netip.MustParseAddr(fmt.Sprintf([]string{"192.0.2.%d", "2001:db8::%d", "2001:db8:0:1::%d"}[random.IntN(3)], random.IntN(3)))
				open = arrive(t, l, open, &connection{address: address, peer: PeerOf(address), listener: l})
			case len(open) == 0:
			case chosen == 2:
				i := random.IntN(len(open))
				l.leave(open[i])
				open = slices.Delete(open, i, i+1)
			default:
				note(open[random.IntN(len(open))], []http.ConnState{http.StateActive, http.StateIdle}[random.IntN(2)])
			}
			if l.all != len(open) || l.all > l.limits.Connections {
				t.Fatalf("seed %d: %d connections are counted, and %d are open", seed, l.all, len(open))
			}
			counted := 0
			for peer, own := range l.peers {
				counted += len(own)
				if len(own) > l.limits.PeerConnections || !slices.Equal(own, of(open, samePeer(peer))) {
					t.Fatalf("seed %d: %d connections of %s are counted", seed, len(own), peer)
				}
			}
			if counted != len(open) {
				t.Fatalf("seed %d: %d connections of all peers are counted, and %d are open", seed, counted, len(open))
			}
		}
	}
}

func samePeer(peer netip.Prefix) func(*connection) bool {
	return func(c *connection) bool { return c.peer == peer }
}

func sameAddress(address netip.Addr) func(*connection) bool {
	return func(c *connection) bool { return c.address == address }
}

// of has those that are selected, the oldest first.
func of(open []*connection, selected func(*connection) bool) []*connection {
	return slices.DeleteFunc(slices.Clone(open), func(c *connection) bool { return !selected(c) })
}

// arrive returns what is open afterwards.
func arrive(t *testing.T, l *listener, open []*connection, c *connection) []*connection {
	t.Helper()
	peer, address := len(of(open, samePeer(c.peer))), len(of(open, sameAddress(c.address)))
	isRoom := len(open) < l.limits.Connections && peer < l.limits.PeerConnections
	mayReplace := func(other *connection) bool {
		theirs := len(of(open, samePeer(other.peer)))
		if other.peer == c.peer {
			return len(of(open, sameAddress(other.address))) > address+1
		}
		return theirs > peer+1 && peer < l.limits.PeerConnections
	}
	closed := l.enter(c)
	switch {
	case closed == nil && isRoom:
		return append(open, c)
	case closed == nil || isRoom:
		t.Fatalf("there is room: %t, and %v was closed", isRoom, closed)
	case closed == c:
		if slices.ContainsFunc(open, mayReplace) {
			t.Fatalf("%s was kept out, although others have more", c.address)
		}
		return open
	case !mayReplace(closed):
		t.Fatalf("%s was closed for %s, which has as many", closed.address, c.address)
	}
	isLeastUsed(t, open, closed, c)
	return append(of(open, func(other *connection) bool { return other != closed }), c)
}

// isLeastUsed checks what was closed against all other connections that might have been.
func isLeastUsed(t *testing.T, open []*connection, closed, by *connection) {
	t.Helper()
	siblings := of(open, sameAddress(closed.address))
	for _, other := range open {
		switch {
		case closed.peer != by.peer && len(of(open, samePeer(other.peer))) > len(of(open, samePeer(closed.peer))):
			t.Fatal("another peer has more connections")
		case other.peer == closed.peer && len(of(open, sameAddress(other.address))) > len(siblings):
			t.Fatal("another address of the peer has more connections")
		}
	}
	first := siblings[0]
	if idle := of(siblings, (*connection).idle); len(idle) > 0 {
		first = idle[0]
	}
	if closed != first {
		t.Fatal("another connection of the address is less used, or as little and older")
	}
}
