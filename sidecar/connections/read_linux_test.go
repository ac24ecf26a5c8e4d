package connections_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/sidecar/connections"
)

// TestARequestThatHasBeenReadIsNotWaitedFor: an application whose request has arrived lost its connection where the process, short of CPU,
// noticed that late.
func TestARequestThatHasBeenReadIsNotWaitedFor(t *testing.T) {
	within := func(inner net.Listener) net.Listener {
		return bounded.NewListener(inner, bounded.Limits{Connections: 1, PeerConnections: 1})
	}
	alone := func(inner net.Listener) net.Listener { return inner }
	for name, test := range map[string]struct {
		sent   string
		bounds func(net.Listener) net.Listener
		served bool
	}{
		"a request":                              {"GET / HTTP/1.1\r\n\r\n", alone, true},
		"nothing of a request":                   {"", alone, false},
		"a request within bounds of peers":       {"GET / HTTP/1.1\r\n\r\n", within, true},
		"nothing of one, within bounds of peers": {"", within, false},
	} {
		t.Run(name, func(t *testing.T) {
			inner, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = inner.Close() })
			late := &lateListener{Listener: inner}
			l := connections.New(test.bounds(late), 1)
			late.then = func() { connections.Age(l) }
			client, err := net.Dial("tcp4", inner.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = client.Close() })
			server, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(client, test.sent); err != nil {
				t.Fatal(err)
			}
			if err := server.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			n, err := server.Read(make([]byte, 1<<10))
			if !test.served {
				if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("%d bytes were read, %v", n, err)
				}
				return
			}
			if _, errWrite := server.Write([]byte("HTTP/1.1 200 OK\r\n\r\n")); err != nil || errWrite != nil {
				t.Errorf("the connection was closed: %v, %v", err, errWrite)
			}
		})
	}
}

// lateListener accepts connections of a process that is late: after each attempt to read, then runs before the reader goes on.
type lateListener struct {
	net.Listener

	then func()
}

func (l *lateListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return lateConn{TCPConn: c.(*net.TCPConn), then: l.then}, nil
}

type lateConn struct {
	*net.TCPConn

	then func()
}

func (c lateConn) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.TCPConn.SyscallConn()
	return lateRaw{RawConn: raw, then: c.then}, err
}

type lateRaw struct {
	syscall.RawConn

	then func()
}

func (r lateRaw) Read(f func(uintptr) bool) error {
	return r.RawConn.Read(func(fd uintptr) bool {
		done := f(fd)
		if done {
			r.then()
		} else {
			go r.then() // to close the connection it must wait for this function
		}
		return done
	})
}
