package admission_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
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

	"github.com/podidentity/podidentity/internal/bounded"
	"github.com/podidentity/podidentity/webhook/admission"
)

const (
	callers = 8
	// offeredRate is the rate, in reviews a second, at which the answers have to be quick.
	offeredRate = 200
)

// serveOverTLS runs the webhook's server as main builds it, on the loopback interface, and returns a function that adds a caller.
func serveOverTLS(b *testing.B) (newCaller func() (call func() error)) {
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{})
	log.SetOutput(io.Discard)
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	b.Cleanup(certificate.Close)
	inner, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	limits := admission.ServerLimits()
	listener := tls.NewListener(bounded.NewListener(inner, limits), &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, Certificates: certificate.TLS.Certificates,
	})
	mux := http.NewServeMux()
	mux.Handle("/pods/enabled", handler(b, log))
	server, ended := bounded.NewServer(mux, limits), make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	b.Cleanup(func() {
		if err := errors.Join(server.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	roots := x509.NewCertPool()
	roots.AddCert(certificate.Certificate())
	body := typicalReview(b)
	return func() func() error { return caller("https://"+listener.Addr().String()+"/pods/enabled", roots, body) }
}

// caller calls as API servers do: over HTTP/1.1, with persistent connections.
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

// BenchmarkReviewsOverTLS measures reviews a second, and the 99th percentile of their latency, with eight callers that each
// wait for one answer before the next review. They share the cores with the server.
func BenchmarkReviewsOverTLS(b *testing.B) {
	newCaller := serveOverTLS(b)
	latencies := make([]time.Duration, b.N)
	var taken atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	for range callers {
		group.Go(func() {
			call := newCaller()
			for i := taken.Add(1) - 1; i < int64(b.N); i = taken.Add(1) - 1 {
				start := time.Now()
				if err := call(); err != nil {
					b.Error(err)
				}
				latencies[i] = time.Since(start)
			}
		})
	}
	group.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reviews/s")
	reportP99(b, latencies)
}

// BenchmarkReviewsOffered measures the 99th percentile of the latency at a rate that no cluster exceeds for long.
func BenchmarkReviewsOffered(b *testing.B) {
	newCaller := serveOverTLS(b)
	call := newCaller()
	n := min(b.N, 10*offeredRate)
	latencies := make([]time.Duration, n)
	var group sync.WaitGroup
	tick := time.NewTicker(time.Second / offeredRate)
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
	reportP99(b, latencies)
}

// reportP99 reports the 99th percentile.
func reportP99(b *testing.B, latencies []time.Duration) {
	slices.Sort(latencies)
	b.ReportMetric(float64(latencies[len(latencies)*99/100])/float64(time.Millisecond), "p99-ms")
}
