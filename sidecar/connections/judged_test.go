package connections_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"

	"github.com/podidentity/podidentity/sidecar/connections"
)

// TestARequestIsNotWaitedForUntilItIsJudged: net/http reads on while it passes a request to the handler, so that an application lost its
// connection where the process, short of CPU, came to the token late.
func TestARequestIsNotWaitedForUntilItIsJudged(t *testing.T) {
	const whole = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for name, test := range map[string]struct {
		sent   string
		judge  func(context.Context)
		closed bool
	}{
		"a request":            {whole, func(context.Context) {}, false},
		"a trusted one":        {whole, connections.Trust, false},
		"a distrusted one":     {whole, connections.Distrust, true},
		"one without its end":  {whole[:len(whole)-2], func(context.Context) {}, true},
		"one of short lines":   {"GET / HTTP/1.1\n\n", func(context.Context) {}, false},
		"nothing of a request": {"", func(context.Context) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, accepted := net.Pipe()
				l := connections.New(one{accepted}, 1)
				server, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				ctx := connections.Context(t.Context(), server)
				ended := make(chan error, 1)
				go func() {
					_, err := io.Copy(io.Discard, server)
					ended <- err
				}()
				if _, err := io.WriteString(client, test.sent); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				test.judge(ctx)
				connections.Age(l)
				_ = client.Close() // the test ends
				if closed := errors.Is(<-ended, io.ErrClosedPipe); closed != test.closed {
					t.Errorf("closed by the server: %t", closed)
				}
			})
		})
	}
}

// one is a listener with one connection.
type one struct{ net.Conn }

func (o one) Accept() (net.Conn, error) { return o.Conn, nil }
func (o one) Addr() net.Addr            { return o.LocalAddr() }
