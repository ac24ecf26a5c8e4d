package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	starts    = 30
	probes    = 30
	exchanges = 30
)

// size is that of the binary in the sidecar's image.
func (r *Run) size(program string) error {
	r.Log("the sidecar: size, starts, probes")
	file, err := os.Stat(program)
	if err != nil {
		return fmt.Errorf("find the sidecar: %w; run make binaries", err)
	}
	r.add(Row{What: "sidecar binary, stripped", Unit: "MB", Budget: 10, Measured: float64(file.Size()) / megabyte})
	return nil
}

// start is from the start of a process to the first credentials.
func (r *Run) start(ctx context.Context, p pods) error {
	var all []time.Duration
	for range starts {
		begin := time.Now()
		s, err := p.start(ctx, identity)
		if err != nil {
			return err
		}
		err = s.await(ctx)
		all = append(all, time.Since(begin))
		s.end()
		if err != nil {
			return fmt.Errorf("%w; its log: %s", err, s.log.String())
		}
	}
	r.add(Row{What: "sidecar: process start to first GET answered with credentials", Unit: "ms", Budget: 30, Measured: milliseconds(median(all)),
		Note: fmt.Sprintf("median of %d; fake STS with TLS on loopback", starts)})
	return nil
}

// probe is what a readiness probe costs: a process each time.
func (r *Run) probe(ctx context.Context, p pods) error {
	s, err := p.start(ctx, identity)
	if err != nil {
		return err
	}
	defer s.end()
	if err := s.await(ctx); err != nil {
		return err
	}
	var all, cpus []time.Duration
	for range probes {
		took, cpu, err := s.ask(ctx, "probe")
		if err != nil {
			return err
		}
		all, cpus = append(all, took), append(cpus, cpu)
	}
	note := fmt.Sprintf("median of %d `sidecar probe`", probes)
	r.add(
		Row{What: "readiness probe: CPU each", Unit: "ms", Budget: None(), Measured: milliseconds(median(cpus)), Note: note + "; the kubelet runs one every 30 s, and the container runtime's own work comes on top"},
		Row{What: "readiness probe: time each", Unit: "ms", Budget: None(), Measured: milliseconds(median(all)), Note: note},
	)
	return nil
}

// exchange is what a fetch costs: a process each time. Looking at its memory takes CPU time, and so another run.
func (r *Run) exchange(ctx context.Context, p pods) error {
	var peaks []int64
	var cpus []time.Duration
	for range exchanges {
		peak, _, err := p.exchange(ctx, true)
		if err != nil {
			return err
		}
		_, cpu, err := p.exchange(ctx, false)
		if err != nil {
			return err
		}
		peaks, cpus = append(peaks, peak), append(cpus, cpu)
	}
	r.add(
		Row{What: "exchange: CPU each", Unit: "ms", Budget: 25, Measured: milliseconds(median(cpus)), Note: fmt.Sprintf("median of %d `sidecar exchange`; fake STS with TLS on loopback", exchanges)},
		Row{What: "exchange: anonymous memory at its peak", Unit: "MB", Budget: 8, Measured: float64(slices.Max(peaks)) / megabyte, Note: fmt.Sprintf("the most of %d, looked at without a pause", exchanges)},
	)
	return nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
