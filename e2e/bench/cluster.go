package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/podidentity/podidentity/e2e/platform"
)

// workers ask the API server at the same time.
const workers = 8

// cluster measures what only a real cluster has.
func (r *Run) cluster(ctx context.Context) (err error) {
	p, err := platform.Start(ctx, "bench", platform.Log(r.Log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Stop(context.WithoutCancel(ctx))) }()
	a, err := openAPI(p.Cluster)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *platform.Platform, *api) error{r.podStarts, r.peaks, r.throughput, r.reviewsFromOutside, r.scale} {
		if err := step(ctx, p, a); err != nil {
			return err
		}
	}
	return nil
}

// makeNamespace makes one, and returns when pods can be created in it.
func (a *api) makeNamespace(ctx context.Context, name, label string) error {
	if _, err := a.do(ctx, http.MethodPost, namespacesPath, namespaceOf(name, label)); err != nil {
		return err
	}
	return poll(ctx, func() error {
		_, err := a.do(ctx, http.MethodGet, namespacesPath+"/"+name+"/serviceaccounts/default", nil)
		return err
	})
}

// poll asks until there is no error.
func poll(ctx context.Context, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", pollTimeout, err)
		case <-tick.C:
		}
	}
}

// each does n things, as many at a time as there are workers.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}
