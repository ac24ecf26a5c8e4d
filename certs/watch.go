package certs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Watched narrows a cache to the two objects that a rotator reads, so that it needs the right to see only these.
func Watched(config Config) map[client.Object]cache.ByObject {
	trust, narrowed := config.Trust.watched()
	return map[client.Object]cache.ByObject{
		&corev1.Secret{}: {Namespaces: map[string]cache.Config{
			config.Secret.Namespace: {FieldSelector: fields.OneTermEqualSelector("metadata.name", config.Secret.Name)},
		}},
		trust: narrowed,
	}
}

// SetupWithManager runs the rotator on every replica, at its start and at each change of the two objects. The manager's cache must be
// narrowed by Watched.
func (r *Rotator) SetupWithManager(mgr manager.Manager) error {
	r.client = mgr.GetClient()
	// All events ask for the same: one look at everything.
	look := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: r.config.Secret}}
	})
	trust, _ := r.config.Trust.watched()
	err := ctrl.NewControllerManagedBy(mgr).
		Named("certs").
		WithOptions(controller.Options{NeedLeaderElection: new(false)}).
		Watches(&corev1.Secret{}, look).
		Watches(trust, look).
		// The first look, for where neither exists yet and so no event comes.
		WatchesRawSource(source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			queue.Add(reconcile.Request{NamespacedName: r.config.Secret})
			return nil
		})).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up the rotation of certificates: %w", err)
	}
	return nil
}
