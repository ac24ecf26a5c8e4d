package bounded

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"
)

func listen(t *testing.T, limits Limits) net.Listener {
	t.Helper()
	inner, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inner.Close() }) // it may be closed already
	return NewListener(inner, limits)
}

// dial connects from an address of the loopback interface.
func dial(t *testing.T, to, from string) net.Conn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.DialContext(t.Context(), "tcp4", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
	return conn
}

// accept accepts all connections, and answers each with a byte.
func accept(t *testing.T, from net.Listener) <-chan net.Conn {
	t.Helper()
	accepted := make(chan net.Conn, 100)
	go func() {
		defer close(accepted)
		for {
			conn, err := from.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("k")) // the reader tells
			accepted <- conn
		}
	}()
	return accepted
}

// isServed reports whether a connection was accepted; otherwise it must have been closed.
func isServed(t *testing.T, conn net.Conn) bool {
	t.Helper()
	_, err := conn.Read(make([]byte, 1))
	if err == nil {
		return true
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection hangs")
	}
	return false
}

func TestConnectionsBeyondALimitAreClosedAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		from   []string
		served []bool
	}{
		"those of one address": {
			[]string{"127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.2"}, []bool{true, true, false, true},
		},
		"those of all": {
			[]string{"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"}, []bool{true, true, true, false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, Limits{Connections: 3, PeerConnections: 2})
			accept(t, l)
			for i, address := range test.from {
				if got := isServed(t, dial(t, l.Addr().String(), address)); got != test.served[i] {
					t.Errorf("connection %d, of %s: served is %t", i, address, got)
				}
			}
		})
	}
}

func TestWhereThereIsNoRoomAPeerWithFewConnectionsReplacesOneOfThePeerWithMost(t *testing.T) {
	l := listen(t, Limits{Connections: 5, PeerConnections: 4})
	accept(t, l)
	connect := func(from string) net.Conn { return dial(t, l.Addr().String(), from) }
	many := make([]net.Conn, 4)
	for i := range many {
		if many[i] = connect("127.0.0.1"); !isServed(t, many[i]) {
			t.Fatal("there is no room at the start")
		}
	}
	other := connect("127.0.0.2")
	if !isServed(t, other) {
		t.Fatal("there is no room at the start")
	}
	for i, address := range []string{"127.0.0.3", "127.0.0.2"} {
		if !isServed(t, connect(address)) {
			t.Errorf("the peer %s is kept out", address)
		}
		if isServed(t, many[i]) {
			t.Error("the oldest connection of the peer with most is open")
		}
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.2"} {
		if isServed(t, connect(address)) {
			t.Errorf("the peer %s, which has as many as the others, replaces a connection", address)
		}
	}
	if inner := l.(*listener); inner.all != 5 {
		t.Errorf("%d connections are counted", inner.all)
	}
}

func TestAClosedConnectionMakesRoomForAnother(t *testing.T) {
	l := listen(t, Limits{Connections: 1, PeerConnections: 1})
	accepted := accept(t, l)
	for range 3 {
		if !isServed(t, dial(t, l.Addr().String(), "127.0.0.1")) {
			t.Fatal("there is no room")
		}
		conn := <-accepted
		if err := errors.Join(conn.Close(), ignoreClosed(conn.Close())); err != nil {
			t.Error(err)
		}
	}
	if inner := l.(*listener); inner.all != 0 || len(inner.peers) != 0 {
		t.Errorf("%d connections and %d peers are counted", inner.all, len(inner.peers))
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func TestAConnectionIsClosedInHalves(t *testing.T) {
	l := listen(t, Limits{Connections: 1, PeerConnections: 1})
	accepted := accept(t, l)
	client := dial(t, l.Addr().String(), "127.0.0.1")
	server := <-accepted
	if err := server.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(client); err != nil || string(text) != "k" {
		t.Errorf("the client read %q, %v", text, err)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := server.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("the server read %d bytes, %v", n, err)
	}
}

func TestAPeerIsAnAddressOfIPv4OrANetworkOfIPv6(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1/32",
		"::ffff:192.0.2.1":     "192.0.2.1/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::":  "2001:db8:1:2::/64",
		"fe80::1%eth0":         "fe80::/64",
	} {
		t.Run(address, func(t *testing.T) {
			got := PeerOf(addressOf(net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 1))))
			if got.String() != want {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestAListenerEndsWithTheOneInside(t *testing.T) {
	l := listen(t, Limits{Connections: 1, PeerConnections: 1})
	accepted := accept(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case _, open := <-accepted:
		if open {
			t.Error("something was accepted")
		}
	case <-time.After(time.Minute):
		t.Fatal("Accept hangs")
	}
}
