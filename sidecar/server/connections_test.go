package server_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// pipes is a listener whose connections are in memory, so that synctest has their time.
type pipes struct {
	dialed chan net.Conn
	closed context.Context
	close  context.CancelFunc
	// open are the connections that the server has accepted and not closed, and most is the maximum of it.
	open, most *atomic.Int32
}

// counted is a connection that the server has accepted.
type counted struct {
	net.Conn
	closed func()
}

func (c counted) Close() error {
	c.closed()
	return c.Conn.Close()
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialed:
		p.most.Store(max(p.most.Load(), p.open.Add(1))) // no other goroutine accepts
		return counted{c, sync.OnceFunc(func() { p.open.Add(-1) })}, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { p.close(); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

// send opens a connection and sends text, as far as the server reads it.
func (p pipes) send(t *testing.T, text string) net.Conn {
	t.Helper()
	client, accepted := net.Pipe()
	go func() {
		select {
		case p.dialed <- accepted:
		case <-p.closed.Done():
		}
		_, _ = io.WriteString(client, text) // the server may close it before the end
	}()
	return client
}

// bubble runs a server on pipes, in a bubble of synctest.
func bubble(t *testing.T, s credentials.Source, test func(t *testing.T, p pipes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := newSets(t, s)
		k.SetIdentities(associated())
		ctx, cancel := context.WithCancel(t.Context())
		p := pipes{dialed: make(chan net.Conn), open: new(atomic.Int32), most: new(atomic.Int32)}
		p.closed, p.close = context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- newServer(t, k).Serve(ctx, p) }()
		test(t, p)
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
}

const get1 = "GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " + string(token) + "\r\n\r\n"

func status(t *testing.T, conn net.Conn) (code int, body string) {
	t.Helper()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

func TestConnectionsWithoutTheTokenDoNotKeepApplicationsOut(t *testing.T) {
	ready := "GET /v1/ready?wait=1m HTTP/1.1\r\nHost: 127.0.0.1\r\n"
	for name, text := range map[string]string{
		"that send nothing":       "",
		"with half a header":      "GET / HTTP/1.1\r\nA: ",
		"that wait for readiness": ready + "\r\n",
		"without their body":      ready + "Content-Length: 9\r\n\r\n",
		"with a header too large": "GET / HTTP/1.1\r\nA: " + strings.Repeat("a", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, source{delay: 600 * time.Millisecond}, func(t *testing.T, p pipes) {
				// This one waits for the first credentials meanwhile.
				first := p.send(t, get1)
				synctest.Wait()
				for range 700 {
					conn := p.send(t, text)
					go func() { _, _ = io.Copy(io.Discard, conn) }()
				}
				synctest.Wait()
				for _, conn := range []net.Conn{p.send(t, get1), first} {
					if code, body := status(t, conn); code != 200 {
						t.Errorf("status %d: %s", code, body)
					}
				}
				// One more waits to be let in.
				if n := p.most.Load(); n > 256+1 {
					t.Errorf("%d connections were open at once", n)
				}
			})
		})
	}
}

func TestALongPollOutlastsTheTimeouts(t *testing.T) {
	bubble(t, source{delay: 8 * time.Second}, func(t *testing.T, p pipes) {
		before := time.Now()
		conn := p.send(t, "GET /v1/ready?wait=30s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		if code, body := status(t, conn); code != 200 || !strings.Contains(body, "available") || time.Since(before) != 8*time.Second {
			t.Errorf("status %d after %s: %s", code, time.Since(before), body)
		}
	})
}

func TestHeadersAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		header string
		code   int
	}{
		"what SDKs and tracing send": {strings.Repeat("X-Trace: "+strings.Repeat("a", 100)+"\r\n", 30), 200},
		"a value too large":          {"A: " + strings.Repeat("a", 9<<10) + "\r\n", 431},
		"too many fields":            {strings.Repeat("A: b\r\n", 100), 400},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, source{}, func(t *testing.T, p pipes) {
				conn := p.send(t, strings.Replace(get1, "Host", test.header+"Host", 1))
				if code, body := status(t, conn); code != test.code {
					t.Errorf("status %d: %s", code, body)
				}
			})
		})
	}
}
