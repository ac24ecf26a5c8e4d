package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// client asks for the same thing again and again, each time on a connection of its own, as SDKs do. It is written by hand
// because net/http's would cost more than the answer that is measured.
type client struct {
	address string
	request []byte
}

// credentialsOf is a client that has the authorization token of s.
func credentialsOf(s *sidecar) (client, error) {
	token, err := os.ReadFile(s.file("token"))
	if err != nil {
		return client{}, fmt.Errorf("read the authorization token: %w", err)
	}
	return clientOf(s.address, token), nil
}

// clientOf is a client of the sidecar at an address.
func clientOf(address string, token []byte) client {
	return client{address, fmt.Appendf(nil, "GET /v1/credentials HTTP/1.1\r\nHost: %s\r\nUser-Agent: aws-sdk-go-v2/1.47.7 os/linux lang/go\r\n"+
		"Accept: application/json\r\nAuthorization: %s\r\nAccept-Encoding: gzip\r\n\r\n", address, token)}
}

// metricsOf is a Prometheus.
func metricsOf(address string) client {
	return client{address, fmt.Appendf(nil, "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", address)}
}

// get makes one request; everything but a complete 200 is an error.
func (c client) get(ctx context.Context, buffer *bytes.Buffer) error {
	connection, err := (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp4", c.address)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = connection.Close() }() // only read from
	if _, err := connection.Write(c.request); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	buffer.Reset()
	if _, err := buffer.ReadFrom(connection); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if head := buffer.Bytes(); !bytes.HasPrefix(head, []byte("HTTP/1.1 200 OK\r\n")) || !bytes.Contains(head, []byte("\r\n\r\n")) {
		return fmt.Errorf("the answer is %.100q", head)
	}
	return nil
}

// await asks until something listens, and returns after the first answer.
func (s *sidecar) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, pollTimeout, fmt.Errorf("the sidecar did not answer within %s", pollTimeout))
	defer cancel()
	var answer bytes.Buffer
	for ctx.Err() == nil {
		// The token is there before anything listens.
		c, err := credentialsOf(s)
		if err == nil {
			err = c.get(ctx, &answer)
		}
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Microsecond):
		}
	}
	return context.Cause(ctx)
}

// load is what came of many requests.
type load struct {
	requests int
	took     time.Duration
	// latencies are in order, the shortest first.
	latencies []time.Duration
	errors    int
}

func (l load) perSecond() float64          { return float64(l.requests) / l.took.Seconds() }
func (l load) p99() time.Duration          { return l.latencies[len(l.latencies)*99/100] }
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// run makes n requests from so many goroutines, each of which asks as soon as it has its answer.
func (c client) run(ctx context.Context, n, goroutines int) load {
	l := load{requests: n, latencies: make([]time.Duration, n)}
	var next, failed atomic.Int64
	var group sync.WaitGroup
	begin := time.Now()
	for range goroutines {
		group.Go(func() {
			var answer bytes.Buffer
			for i := next.Add(1) - 1; i < int64(n) && ctx.Err() == nil; i = next.Add(1) - 1 {
				before := time.Now()
				if err := c.get(ctx, &answer); err != nil {
					failed.Add(1)
				}
				l.latencies[i] = time.Since(before)
			}
		})
	}
	group.Wait()
	l.took, l.errors = time.Since(begin), int(failed.Load())
	slices.Sort(l.latencies)
	return l
}
