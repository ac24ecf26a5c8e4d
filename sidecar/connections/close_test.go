package connections_test

import (
	"net"
	"testing"

	"github.com/podidentity/podidentity/sidecar/connections"
)

// TestAConnectionHasItsPlaceUntilItIsClosed: a listener below that bounds its connections too counted one more than this one, where the process was
// late between the two, and refused the next.
func TestAConnectionHasItsPlaceUntilItIsClosed(t *testing.T) {
	_, accepted := net.Pipe()
	conn := &observed{Conn: accepted}
	l := connections.New(one{conn}, 1)
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.closing = func() {
		if open := connections.Open(l); open != 1 {
			t.Errorf("%d connections are open while one is being closed", open)
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if open := connections.Open(l); open != 0 {
		t.Errorf("%d connections are open after that", open)
	}
}

type observed struct {
	net.Conn

	closing func()
}

func (o *observed) Close() error {
	o.closing()
	return o.Conn.Close()
}
