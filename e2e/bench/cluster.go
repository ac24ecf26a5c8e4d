package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

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
	for _, step := range []func(context.Context, *platform.Platform, *api) error{r.podStarts, r.limitedStarts, r.peaks, r.nodeBill, r.throughput, r.reviewsOverTLS, r.scale} {
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

// readyPod waits until a pod is ready.
func (a *api) readyPod(ctx context.Context, path string) (pod corev1.Pod, err error) {
	return pod, poll(ctx, func() error {
		text, err := a.do(ctx, http.MethodGet, path, nil)
		if err != nil {
			return err
		}
		pod = corev1.Pod{}
		if err := json.Unmarshal(text, &pod); err != nil {
			return fmt.Errorf("read the pod: %w", err)
		}
		ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
		})
		if !ready {
			return errors.New("the pod is not ready")
		}
		return nil
	})
}

// remove removes a pod, and returns when it is gone.
func (a *api) remove(ctx context.Context, path string) error {
	if _, err := a.do(ctx, http.MethodDelete, path, nil); err != nil {
		return err
	}
	return poll(ctx, func() error {
		_, err := a.do(ctx, http.MethodGet, path, nil)
		if gone, ok := errors.AsType[*statusError](err); ok && gone.code == http.StatusNotFound {
			return nil
		}
		return errors.Join(err, errors.New("the pod is still there"))
	})
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
