package admission_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	crwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

const (
	callers = 8
	// offered is the rate, in reviews a second, at which the answers have to be quick.
	offered = 200
)

// servedOverTLS is the webhook's server as main builds it, on the loopback interface. It returns what makes one more caller.
func servedOverTLS(b *testing.B) (newCaller func() (call func() error)) {
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{})
	log.SetOutput(io.Discard)
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	b.Cleanup(certificate.Close)
	server := crwebhook.NewServer(crwebhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){func(t *tls.Config) {
		t.MinVersion = tls.VersionTLS13
		t.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate.TLS.Certificates[0], nil }
	}}})
	server.Register("/pods/enabled", endpoint(handler(log)))
	if err := listener.Close(); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Start(ctx) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	for ready := server.StartedChecker(); ready(nil) != nil; {
		time.Sleep(time.Millisecond)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	body := usualReview(b)
	return func() func() error { return caller("https://"+listener.Addr().String()+"/pods/enabled", roots, body) }
}

// caller is an API server: it speaks HTTP/1.1 to webhooks and keeps its connections.
func caller(url string, roots *x509.CertPool, body string) func() error {
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com", NextProtos: []string{"http/1.1"}}, MaxIdleConnsPerHost: callers,
	}}
	return func() error {
		response, err := client.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			return err
		}
		defer func() { _ = response.Body.Close() }()
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
}

// BenchmarkReviewsOverTLS is how many reviews a second there are when eight callers ask as fast as they are answered. They
// share the cores with the server.
func BenchmarkReviewsOverTLS(b *testing.B) {
	newCaller := servedOverTLS(b)
	var left atomic.Int64
	left.Store(int64(b.N))
	var group sync.WaitGroup
	b.ResetTimer()
	for range callers {
		group.Go(func() {
			for call := newCaller(); left.Add(-1) >= 0; {
				if err := call(); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reviews/s")
}

// BenchmarkReviewsOffered is how long the slowest of a hundred reviews takes at a rate that no cluster exceeds for long.
func BenchmarkReviewsOffered(b *testing.B) {
	newCaller := servedOverTLS(b)
	call := newCaller()
	n := min(b.N, 10*offered)
	latencies := make([]time.Duration, n)
	var group sync.WaitGroup
	tick := time.NewTicker(time.Second / offered)
	defer tick.Stop()
	b.ResetTimer()
	for i := range n {
		due := <-tick.C
		group.Go(func() {
			if err := call(); err != nil {
				b.Error(err)
			}
			latencies[i] = time.Since(due)
		})
	}
	group.Wait()
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[n*99/100])/float64(time.Millisecond), "p99-ms")
}
