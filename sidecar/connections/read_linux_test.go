package connections_test

import (
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/sidecar/connections"
)

// TestARequestThatHasBeenReadIsNotWaitedFor: an application whose request has arrived lost its connection where the process, short of CPU,
// noticed that late.
func TestARequestThatHasBeenReadIsNotWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		sent   string
		served bool
	}{
		"a request":            {"GET / HTTP/1.1\r\n\r\n", true},
		"nothing of a request": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			inner, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = inner.Close() })
			late := &lateListener{Listener: inner}
			l := connections.New(late, 1)
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
			n, err := server.Read(make([]byte, 1<<10))
			if !test.served {
				if err == nil {
					t.Errorf("%d bytes were read", n)
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
