package certs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
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

// Watched narrows a cache to the Secret and the target, so that a rotator needs no right to see other Secrets.
func Watched(config Config) map[client.Object]cache.ByObject {
	target, narrowed := config.Target.watched()
	return map[client.Object]cache.ByObject{&corev1.Secret{}: only(config.Secret), target: narrowed}
}

// only narrows a cache to one object of a kind.
func only(name types.NamespacedName) cache.ByObject {
	return cache.ByObject{Namespaces: map[string]cache.Config{
		name.Namespace: {FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name.Name)},
	}}
}

// SetupWithManager runs the rotator on every replica, at its start and at each change of the Secret and the target. The
// manager's cache must be narrowed by Watched.
func (r *Rotator) SetupWithManager(mgr manager.Manager) error {
	r.client = mgr.GetClient()
	// One request stands for everything, whatever the event.
	enqueue := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: r.config.Secret}}
	})
	target, _ := r.config.Target.watched()
	err := ctrl.NewControllerManagedBy(mgr).
		Named("certs").
		WithOptions(controller.Options{NeedLeaderElection: new(false)}).
		Watches(&corev1.Secret{}, enqueue).
		Watches(target, enqueue).
		// The first request: where neither exists yet, no event comes.
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
