package bounded

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

type client struct {
	*bufio.Reader
	io.Writer
}

func TestAnIdleConnectionMakesRoomForAnotherPeerBeforeOneWithARequest(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificate.Close()
	for name, encrypted := range map[string]bool{"by TLS": true, "by TCP": false} {
		t.Run(name, func(t *testing.T) {
			limits := limitsOf(long)
			limits.Connections, limits.PeerConnections = 2, 2
			inner := listen(t, limits)
			connect := func(from string) client {
				conn := dial(t, inner.Addr().String(), from)
				if encrypted {
					conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				}
				return client{bufio.NewReader(conn), conn}
			}
			l := inner
			if encrypted {
				l = tls.NewListener(inner, &tls.Config{Certificates: certificate.TLS.Certificates})
			}
			begun, end, idles := make(chan struct{}), make(chan struct{}), make(chan struct{}, 10)
			server := NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					close(begun)
					<-end
				}
			}), limits)
			hook := server.ConnState
			server.ConnState = func(conn net.Conn, state http.ConnState) {
				hook(conn, state)
				if state == http.StateIdle {
					idles <- struct{}{}
				}
			}
			run(t, server, l)

			busy, idle := connect("127.0.0.1"), connect("127.0.0.1")
			request(t, busy, "/slow")
			<-begun
			request(t, idle, "/")
			response(t, idle)
			<-idles
			other := connect("127.0.0.2")
			request(t, other, "/")
			response(t, other)
			close(end)
			response(t, busy)
			if _, err := idle.ReadByte(); err == nil {
				t.Error("the idle connection is open")
			}
		})
	}
}

func request(t *testing.T, to io.Writer, path string) {
	t.Helper()
	if _, err := io.WriteString(to, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
}

func response(t *testing.T, from client) {
	t.Helper()
	answer, err := http.ReadResponse(from.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", answer.StatusCode, err)
	}
}

func TestAnAddressDoesNotKeepOutAnotherOfItsNetwork(t *testing.T) {
	l := NewListener(nil, Limits{Connections: 10, PeerConnections: 4}).(*listener)
	from := func(address string) *connection {
		ip := netip.MustParseAddr(address)
		return &connection{address: ip, peer: PeerOf(ip), listener: l}
	}
	pod := make([]*connection, 4)
	for i := range pod {
		pod[i] = from("2001:db8::666")
		if l.enter(pod[i]) != nil {
			t.Fatal("there is no room at the start")
		}
	}
	for i := range 2 {
		if closed := l.enter(from("2001:db8::1")); closed != pod[i] {
			t.Errorf("another address of the network replaces %v", closed)
		}
	}
	if another := from("2001:db8::666"); l.enter(another) != another {
		t.Error("an address with as many connections as the other replaces one")
	}
}
