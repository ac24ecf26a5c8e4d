package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/internal/nettest"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/inject"
)

type servingCertificates struct {
	fakeCertificates

	certificate *tls.Certificate
}

func (s servingCertificates) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return s.certificate, nil
}

// startServer serves a handler as main does, and returns what trusts it.
func startServer(t *testing.T, listener net.Listener, handler http.HandlerFunc) (trust *tls.Config) {
	t.Helper()
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificate.Close()
	server := newServer(listener, servingCertificates{certificate: &certificate.TLS.Certificates[0]}, handler)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	return &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") } // the client tells

func TestTheServerTakesSmallHeadersAndHTTP11(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trust := startServer(t, listener, ok)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	for size, want := range map[int]int{1000: http.StatusOK, 9000: http.StatusRequestHeaderFieldsTooLarge} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+listener.Addr().String()+"/pods/enabled", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("A", strings.Repeat("a", size))
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close() // only read from
		if response.StatusCode != want || response.ProtoMajor != 1 {
			t.Errorf("a header of %d bytes: %s %s", size, response.Proto, response.Status)
		}
	}
}

func TestEachValueOfTheLabelHasItsPathAndNobodyIsAsked(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	handler, err := newHandler(inject.DefaultSettings(), sources{identities: association.NewIndex(), authCA: func() string { return "" }, rules: func(string) inject.Rules { return inject.Rules{} }}, log)
	if err != nil {
		t.Fatal(err)
	}
	const review = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","namespace":"n","object":{"spec":{"containers":[{"name":"app"}]}}}}`
	for path, want := range map[string]string{
		"/pods/enabled":    `"message":"Injected"`,
		"/pods/associated": "NotAssociated",
		"/pods/unknown":    "the namespace label podidentity.dev/inject must be enabled or associated",
		"/pods/other":      "404",
	} {
		t.Run(path, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodPost, path, strings.NewReader(review))
			request.Header.Set("Content-Type", "application/json")
			recorder := httptest.NewRecorder()
			handler.ServeHTTP(recorder, request)
			if !strings.Contains(recorder.Body.String(), want) {
				t.Errorf("got %s", recorder.Body)
			}
		})
	}
}

func TestOnePeerDoesNotKeepOutAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		listener := nettest.Listen()
		trust := startServer(t, listener, ok)
		connect := func(from string) net.Conn {
			conn, err := listener.Dial(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() }) // it may be closed already
			return conn
		}
		// Without a handshake all are there before the first has had its time.
		for range admission.ServerLimits().PeerConnections {
			connect("10.0.0.1")
		}
		if err := tls.Client(connect("10.0.0.1"), trust).HandshakeContext(t.Context()); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("a peer with too many connections is refused by %v", err)
		}
		if err := tls.Client(connect("10.0.0.2"), trust).HandshakeContext(t.Context()); err != nil {
			t.Errorf("another peer: %v", err)
		}
	})
}
