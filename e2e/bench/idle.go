package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// idle are sidecars that nobody asks for anything, or nobody any more.
type idle struct {
	associated, unassociated *sidecar
	// separate are of pods some of whose containers have a role for themselves, by the number of these.
	separate map[int]*sidecar
	first    effort
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
	i := &idle{associated: associated, unassociated: unassociated, separate: map[int]*sidecar{}}
	for _, roles := range []int{1, 2, 5} {
		s, err := p.startSeparate(ctx, roles)
		if err != nil {
			i.end()
			return nil, err
		}
		i.separate[roles] = s
	}
	return i, nil
}

// startSeparate starts a sidecar of a pod with a role for the pod, and one for each of so many containers.
func (p pods) startSeparate(ctx context.Context, roles int) (*sidecar, error) {
	var names, identities []string
	for n := range roles {
		name := fmt.Sprintf("container-%d", n)
		names = append(names, name)
		identities = append(identities, fmt.Sprintf(`{"container":%q,"roleARN":"arn:aws:iam::111122223333:role/%s"}`, name, name))
	}
	p.environment = []string{"CONTAINERS=" + strings.Join(names, ",")}
	document := fmt.Sprintf(`{"roleARN":"arn:aws:iam::111122223333:role/reader","containers":[%s],"critical":["containers"]}`, strings.Join(identities, ","))
	s, err := p.start(ctx, document)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.ask(ctx, "wait"); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

func (i *idle) end() {
	i.associated.end()
	i.unassociated.end()
	for _, s := range i.separate {
		s.end()
	}
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
	return r.separate(i)
}

func (r *Run) separate(i *idle) error {
	for _, roles := range slices.Sorted(maps.Keys(i.separate)) {
		m, err := i.separate[roles].memory()
		if err != nil {
			return err
		}
		r.add(Row{What: fmt.Sprintf("sidecar idle, with roles of their own for %d containers: anonymous memory", roles), Unit: "MB", Budget: None(), Measured: float64(m.anonymous) / megabyte, Note: "besides the role of the pod"})
	}
	return nil
}
