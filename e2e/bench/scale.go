package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	manyAssociations = 10_000
	manyPods         = 5_000
	manyNamespaces   = 20
	// calm is how long the webhook is given to end what the objects have caused.
	calm = 15 * time.Second
)

// scale fills the cluster and looks at the memory of the webhook. No pod runs: to the webhook that makes no difference.
func (r *Run) scale(ctx context.Context, p *platform.Platform, a *api) error {
	r.Log("the cluster: %d associations and %d pods", manyAssociations, manyPods)
	namespace := func(i int) string { return fmt.Sprintf("bench-scale-%05d", i) }
	for i := range manyNamespaces {
		if err := a.makeNamespace(ctx, namespace(i), "enabled"); err != nil {
			return err
		}
	}
	err := each(ctx, manyAssociations, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, associationsPath, association(namespace(i), namespace(i), "arn:aws:iam::111122223333:role/team/"+namespace(i)))
		return err
	})
	if err != nil {
		return err
	}
	err = each(ctx, manyPods, func(ctx context.Context, i int) error {
		_, err := a.do(ctx, http.MethodPost, podsPath(namespace(i%manyNamespaces)), usualPod(fmt.Sprintf("web-%05d", i)))
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(calm):
	}
	all, err := metricOfWebhook(ctx, p, a, "process_resident_memory_bytes")
	if err != nil {
		return err
	}
	r.add(Row{What: "webhook with 10,000 associations and 5,000 pods: RSS", Unit: "MB", Budget: 100, Measured: slices.Max(all) / megabyte,
		Note: fmt.Sprintf("the larger of %d replicas, %s after the last pod was created", len(all), calm)})
	return nil
}
