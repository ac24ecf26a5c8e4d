package controller

import (
	"context"
	"fmt"
	"time"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/podidentity/podidentity/association"
)

const (
	// A failed request is retried after minRetryDelay, and after twice as long each time, up to maxRetryDelay.
	minRetryDelay = 50 * time.Millisecond
	maxRetryDelay = 30 * time.Second
)

// run runs a controller of controller-runtime until ctx is done.
func run[request comparable](
	ctx context.Context, log logrus.FieldLogger, name string, workers int, reconciler reconcile.TypedReconciler[request], sources []source.TypedSource[request],
) error {
	c, err := controller.NewTypedUnmanaged(name, controller.TypedOptions[request]{
		MaxConcurrentReconciles: workers,
		Reconciler:              silentWhenDone(reconciler),
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[request](minRetryDelay, maxRetryDelay),
		Logger:                  logrusr.New(log),
		// Each term of leadership has a controller of this name.
		SkipNameValidation: new(true),
	})
	if err != nil {
		return fmt.Errorf("set up controller %s: %w", name, err)
	}
	for _, s := range sources {
		if err := c.Watch(s); err != nil {
			return fmt.Errorf("set up controller %s: %w", name, err)
		}
	}
	return c.Start(ctx)
}

// silentWhenDone drops the errors of a term that is over: what it could not do, the next leader does.
func silentWhenDone[request comparable](reconciler reconcile.TypedReconciler[request]) reconcile.TypedReconciler[request] {
	return reconcile.TypedFunc[request](func(ctx context.Context, r request) (reconcile.Result, error) {
		result, err := reconciler.Reconcile(ctx, r)
		select {
		case <-ctx.Done():
			return reconcile.Result{}, nil
		default:
			return result, err
		}
	})
}

// subscription is a source of requests that follow from changes of the associations.
func subscription[request comparable](
	changes *association.Changes, enqueue func(association.Pattern, workqueue.TypedRateLimitingInterface[request]),
) source.TypedSource[request] {
	return source.TypedFunc[request](func(ctx context.Context, queue workqueue.TypedRateLimitingInterface[request]) error {
		context.AfterFunc(ctx, changes.Subscribe(func(namespaces association.Pattern) { enqueue(namespaces, queue) }))
		return nil
	})
}
