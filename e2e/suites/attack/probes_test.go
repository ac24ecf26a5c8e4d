package attack_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

const (
	// probeEvery is more often than the kubelet probes, which does so every 30 s.
	probeEvery = 500 * time.Millisecond
	// probeTimeout is that of the injected probes.
	probeTimeout = 5 * time.Second
)

// probes asks the sidecar of the victim whether it is ready, from the address of the node as the kubelet does, until the test ends.
func (s *suite) probes(t *testing.T) *figures.Counter {
	counter, address := &figures.Counter{}, net.JoinHostPort(s.addresses[victim], "2713")
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		ticks := time.NewTicker(probeEvery)
		defer ticks.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticks.C:
			}
			begin := time.Now()
			complaint := s.probe(ctx, address)
			if ctx.Err() == nil {
				counter.Count(time.Since(begin), complaint)
			}
		}
	})
	t.Cleanup(func() { stop(); all.Wait() })
	return counter
}

// probe returns what is wrong.
func (s *suite) probe(ctx context.Context, address string) (complaint string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return err.Error()
	}
	client := &http.Client{Timeout: probeTimeout, Transport: &http.Transport{DialContext: s.Cluster.Dial, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	_ = response.Body.Close() // the status says all
	if response.StatusCode != http.StatusOK {
		return fmt.Sprintf("status %d", response.StatusCode)
	}
	return ""
}
