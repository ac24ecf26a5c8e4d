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

	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
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

// startServer serves a handler as main does, and returns an address and how to reach it.
func startServer(t *testing.T, handler http.HandlerFunc) (address string, trust *tls.Config) {
	t.Helper()
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	certificate.Close()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
	return listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "example.com"}
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") } // the client tells

func TestTheServerTakesSmallHeadersAndHTTP11(t *testing.T) {
	address, trust := startServer(t, ok)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}}
	t.Cleanup(client.CloseIdleConnections)
	for size, want := range map[int]int{1000: http.StatusOK, 9000: http.StatusRequestHeaderFieldsTooLarge} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address+"/pods/enabled", nil)
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
	address, trust := startServer(t, ok)
	from := func(ip string) *net.Dialer { return &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}} }
	// Without a handshake all are there before the first has had its time.
	for range admission.ServerLimits().PeerConnections {
		conn, err := from("127.0.0.1").DialContext(t.Context(), "tcp4", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() }) // only used to occupy the server
	}
	connect := func(ip string) error {
		conn, err := (&tls.Dialer{NetDialer: from(ip), Config: trust}).DialContext(t.Context(), "tcp4", address)
		if err == nil {
			_ = conn.Close() // nothing was written
		}
		return err
	}
	if err := connect("127.0.0.1"); err == nil || !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
		t.Errorf("a peer with too many connections is refused by %v", err)
	}
	if err := connect("127.0.0.2"); err != nil {
		t.Errorf("another peer: %v", err)
	}
}
