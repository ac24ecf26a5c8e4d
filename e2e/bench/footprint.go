package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"
)

const (
	starts = 30
	probes = 30
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
	r.add(Row{What: "sidecar: process start to first GET answered with credentials", Unit: "ms", Budget: 40, Measured: milliseconds(median(all)),
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

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}
