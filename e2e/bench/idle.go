package bench

import (
	"context"
	"fmt"
	"time"
)

// idle are sidecars that nobody asks for anything, or nobody any more.
type idle struct {
	associated, unassociated *sidecar
	first                    effort
	// loaded has answered many requests, and is alone since then.
	loaded *sidecar
	alone  time.Time
}

func startIdle(ctx context.Context, p pods) (*idle, error) {
	associated, err := p.start(ctx, identity)
	if err != nil {
		return nil, err
	}
	if _, _, err := associated.ask(ctx, "wait"); err != nil {
		associated.end()
		return nil, err
	}
	unassociated, err := p.start(ctx, "")
	if err != nil {
		associated.end()
		return nil, err
	}
	return &idle{associated: associated, unassociated: unassociated}, nil
}

func (i *idle) end() {
	i.associated.end()
	i.unassociated.end()
	if i.loaded != nil {
		i.loaded.end()
	}
}

// look begins the window in which the work of the idle sidecar is counted.
func (i *idle) look() (err error) {
	i.first, err = i.associated.effort()
	return err
}

// idle looks at them once more, when the window is over.
func (r *Run) idle(ctx context.Context, i *idle) error {
	if left := window - time.Since(i.first.at); left > 0 {
		r.Log("the idle sidecars: another %s", left.Round(time.Second))
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(left):
		}
	}
	last, err := i.associated.effort()
	if err != nil {
		return err
	}
	m, err := i.associated.memory()
	if err != nil {
		return err
	}
	none, err := i.unassociated.memory()
	if err != nil {
		return err
	}
	loaded, err := i.loaded.memory()
	if err != nil {
		return err
	}
	took, cpu, switches := last.since(i.first)
	note := fmt.Sprintf("in %s without a request, after credentials were fetched over TLS", took.Round(time.Second))
	r.add(
		Row{What: "sidecar idle: RSS", Unit: "MB", Budget: 8.5, Measured: float64(m.resident) / megabyte, Note: note},
		Row{What: "sidecar idle: anonymous memory", Unit: "MB", Budget: 1.35, Measured: float64(m.anonymous) / megabyte, Note: note},
		Row{What: "sidecar idle: context switches a minute", Budget: 30, Measured: float64(switches) / took.Minutes(), Note: note + "; of all threads, voluntary or not"},
		Row{What: "sidecar idle: CPU a minute", Unit: "ms", Budget: 0.6, Measured: milliseconds(cpu) / took.Minutes(), Note: note},
		Row{What: "sidecar of a pod without association: anonymous memory", Unit: "MB", Budget: 1.5, Measured: float64(none.anonymous) / megabyte},
		Row{What: "sidecar after 100,000 GETs and 200 scrapes, later: anonymous memory", Unit: "MB", Budget: 2, Measured: float64(loaded.anonymous) / megabyte,
			Note: fmt.Sprintf("%s after the last request", time.Since(i.alone).Round(time.Second))},
	)
	return nil
}
