package bench

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"time"
)

const (
	requests = 100_000
	clients  = 4
	scrapes  = 200
	// quiet is how long a sidecar is left alone after its last request: Go collects garbage at the latest after two minutes, but
	// nothing here waits for that.
	quiet = 2 * time.Second
)

// gets loads one sidecar, looks at its memory afterwards, and leaves it alone from then on.
func (r *Run) gets(ctx context.Context, p pods, i *idle) error {
	r.Log("the sidecar: %d GETs and %d scrapes", requests, scrapes)
	metrics, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	s, err := p.start(ctx, identity, "--metrics="+metrics)
	if err != nil {
		return err
	}
	i.loaded = s
	if err := s.await(ctx); err != nil {
		return err
	}
	c, err := credentialsOf(s)
	if err != nil {
		return err
	}
	before, err := s.effort()
	if err != nil {
		return err
	}
	l := onOneCore(func() load { return c.run(ctx, requests, clients) })
	after, err := s.effort()
	if err != nil {
		return err
	}
	_, cpu, _ := after.since(before)
	note := fmt.Sprintf("%d clients, a connection each GET; the sidecar on one core, the clients on another", clients)
	r.add(
		Row{What: "sidecar: GETs on one core", Unit: "/s", Budget: 8000, AtLeast: true, Measured: l.perSecond(), Note: note},
		Row{What: "sidecar: GETs a second of its CPU time", Unit: "/s", Budget: None(), Measured: float64(l.requests) / cpu.Seconds(), Note: "user and system time of the process alone, which a busy machine disturbs less"},
		Row{What: "sidecar: 99th percentile of these GETs", Unit: "ms", Budget: 2, Measured: milliseconds(l.p99()), Note: note},
		Row{What: "sidecar: GETs that failed", Budget: 0, Measured: float64(l.errors), Note: fmt.Sprintf("of %d", l.requests)},
	)
	i.alone = time.Now()
	return r.afterwards(ctx, s, metrics)
}

// onOneCore keeps this process off the other cores while it makes load.
func onOneCore(work func() load) load {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	return work()
}

// afterwards scrapes the sidecar and looks at its memory.
func (r *Run) afterwards(ctx context.Context, s *sidecar, metrics string) error {
	var answer bytes.Buffer
	for range scrapes {
		if err := metricsOf(metrics).get(ctx, &answer); err != nil {
			return fmt.Errorf("scrape: %w", err)
		}
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(quiet):
	}
	m, err := s.memory()
	if err != nil {
		return err
	}
	r.add(Row{What: "sidecar after 100,000 GETs and 200 scrapes: anonymous memory", Unit: "MB", Budget: 3, Measured: float64(m.anonymous) / megabyte})
	return nil
}
