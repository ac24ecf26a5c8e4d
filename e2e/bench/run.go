package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Log gets a line for each step.
type Log func(format string, args ...any)

const (
	megabyte = 1e6
	kilobyte = 1e3
	// window is for how long idle processes are looked at, at least.
	window = time.Minute
)

// Run measures one thing after the other, since two at a time would disturb each other.
type Run struct {
	// Root is the checkout, in which `make binaries` has been run.
	Root string
	// Raw gets what the Go benchmarks print, for benchstat.
	Raw io.Writer
	Log Log

	rows []Row
}

func (r *Run) add(rows ...Row) { r.rows = append(r.rows, rows...) }

// Quick measures what needs no cluster, in less than two minutes.
func (r *Run) Quick(ctx context.Context) ([]Row, error) {
	return r.beside(ctx, func() error { return nil })
}

// All measures everything.
func (r *Run) All(ctx context.Context) ([]Row, error) {
	return r.beside(ctx, func() error { return r.cluster(ctx) })
}

// beside measures what needs no cluster, and then more, while sidecars stand idle from the beginning to the end.
func (r *Run) beside(ctx context.Context, more func() error) (_ []Row, err error) {
	work, err := os.MkdirTemp("", "podidentity-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the benchmarks: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	sts, err := startSTS(work)
	if err != nil {
		return nil, err
	}
	defer sts.Close()
	p := pods{program: filepath.Join(r.Root, "bin", runtime.GOARCH, "sidecar"), sts: sts, work: work}
	idle, err := startIdle(ctx, p)
	if err != nil {
		return nil, err
	}
	defer idle.end()
	for _, step := range []func() error{
		func() error { return r.size(p.program) },
		func() error { return r.start(ctx, p) },
		func() error { return r.probe(ctx, p) },
		func() error { return r.exchange(ctx, p) },
		func() error { return r.gets(ctx, p, idle) },
		idle.look,
		func() error { return r.fleet(ctx) },
		func() error { return r.reviews(ctx) },
		func() error { return r.lookups(ctx) },
		more,
		func() error { return r.idle(ctx, idle) },
	} {
		if err := step(); err != nil {
			return r.rows, err
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return r.rows, nil
}
