// Package authca follows the ConfigMap in which the auth service publishes its CA bundle, so that every injected pod can carry
// the bundle, whatever its namespace.
package authca

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/certs"
	"github.com/podidentity/podidentity/contract"
)

// Watched narrows a cache to the one ConfigMap, so that the webhook needs no right to see others.
func Watched(namespace string) map[client.Object]cache.ByObject {
	return certs.ConfigMap{Namespace: namespace, Name: contract.AuthCAConfigMap}.Watched()
}

// Watch returns a function that returns the current CA bundle, certificates in PEM, and one that reports whether the cache has
// synced. The caller has narrowed the cache by Watched, and starts it. A change of the bundle is notified in every namespace.
func Watch(ctx context.Context, informers cache.Informers, changes *association.Changes, log logrus.FieldLogger) (bundle func() string, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch ConfigMap %s: %w", contract.AuthCAConfigMap, err)
	}
	h := &eventHandler{changes: changes, log: log.WithField("configmap", contract.AuthCAConfigMap)}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: h.set, UpdateFunc: func(_, object any) { h.set(object) }, DeleteFunc: h.delete,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch ConfigMap %s: %w", contract.AuthCAConfigMap, err)
	}
	return h.current, registration.HasSynced, nil
}

// eventHandler keeps the last usable bundle of the ConfigMap.
type eventHandler struct {
	bundle  atomic.Pointer[string]
	changes *association.Changes
	log     logrus.FieldLogger
}

// current is the bundle, or empty while none has been seen.
func (h *eventHandler) current() string {
	if bundle := h.bundle.Load(); bundle != nil {
		return *bundle
	}
	return ""
}

// set keeps the earlier bundle where the ConfigMap has none that is usable: a mistake there must not cut running pods off
// from the auth service.
func (h *eventHandler) set(object any) {
	bundle, err := parseBundle(object.(*corev1.ConfigMap).Data[contract.CABundleKey])
	if err != nil {
		h.log.WithError(err).Error("the CA bundle of the auth service cannot be used: pods keep the one before it")
		return
	}
	if bundle == h.current() {
		return
	}
	h.bundle.Store(&bundle)
	h.log.Info("the CA bundle of the auth service has changed")
	h.changes.Notify("*")
}

func (h *eventHandler) delete(any) {
	h.log.Warn("the ConfigMap with the CA bundle of the auth service is deleted: pods keep the bundle it had")
}
