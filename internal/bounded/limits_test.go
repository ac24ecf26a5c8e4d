package bounded

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/internal/nettest"
)

// limitsOf are limits with one timeout, of which a response has twice as much: time to say that a body has not ended.
func limitsOf(timeout time.Duration) Limits {
	return Limits{
		Connections: 10, PeerConnections: 10, HeaderBytes: 4 << 10,
		ReadHeader: timeout, Read: timeout, Write: 2 * timeout, Idle: timeout,
	}
}

// long is not over before a test is, of which the clock is that of the machine.
const long = time.Minute

// length answers with the length of the body.
func length(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprint(w, len(body)) // the client tells
}

func run(t *testing.T, server *http.Server, l net.Listener) (address string) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// connect connects with a server whose timeout takes no time of the machine.
func connect(t *testing.T, handler http.HandlerFunc) net.Conn {
	t.Helper()
	limits, l := limitsOf(time.Second), nettest.Listen()
	run(t, NewServer(handler, limits), NewListener(l, limits))
	conn, err := l.Dial(t.Context(), "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestAServerGivesUpOnAClient(t *testing.T) {
	for name, test := range map[string]struct{ sends, gets string }{
		"that sends nothing":                  {"", ""},
		"whose header does not end":           {"GET / HTTP/1.1\r\nHost: x\r\nA: ", ""},
		"whose body does not end":             {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf", "400 Bad Request"},
		"that is idle":                        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK"},
		"whose header is too big":             {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 9<<10) + "\r\n\r\n", "431 Request Header Fields Too Large"},
		"whose header is too big and goes on": {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("a", 1<<20), "431 Request Header Fields Too Large"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := connect(t, length)
				go func() { _, _ = io.WriteString(conn, test.sends) }() // the server may close before its end
				got, err := io.ReadAll(conn)
				if err != nil || !strings.Contains(string(got), test.gets) || test.gets == "" && len(got) > 0 {
					t.Errorf("got %q, %v", got, err)
				}
			})
		})
	}
}

func TestAServerGivesUpOnAClientThatDoesNotReadItsResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := make(chan error, 1)
		conn := connect(t, func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					failed <- err
					return
				}
			}
		})
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("the response ended with %v", err)
		}
	})
}

func TestAClientThatPrefersHTTP2IsServedByHTTP11(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificate.Close()
	server := NewServer(http.HandlerFunc(length), limitsOf(long))
	address := run(t, server, tls.NewListener(listen(t, limitsOf(long)), &tls.Config{Certificates: certificate.TLS.Certificates, NextProtos: []string{"http/1.1"}}))
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("https://" + address)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close() // only read from
	if response.ProtoMajor != 1 {
		t.Errorf("got %s", response.Proto)
	}
}

func TestAClientWithinTheLimitsIsServed(t *testing.T) {
	client := http.Client{Transport: &http.Transport{}}
	response, err := client.Post("http://"+run(t, NewServer(http.HandlerFunc(length), limitsOf(long)), listen(t, limitsOf(long))), "text/plain", bytes.NewReader(make([]byte, 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close() // only read from
	client.CloseIdleConnections()
	if err != nil || string(text) != "1048576" {
		t.Errorf("got %q, %v", text, err)
	}
}
