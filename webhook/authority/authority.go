// Package authority follows the ConfigMap in which the auth service publishes the authorities that its certificate is known by,
// so that every injected pod can carry them, wherever it is.
package authority

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// Watched narrows a cache to the one ConfigMap, so that the webhook needs the right to see only this.
func Watched(namespace string) map[client.Object]cache.ByObject {
	named := fields.OneTermEqualSelector("metadata.name", contract.AuthCAConfigMap)
	return map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {Namespaces: map[string]cache.Config{namespace: {FieldSelector: named}}},
	}
}

// Watch returns a function that tells the authorities of this moment, certificates in PEM, and one that tells whether the
// ConfigMap has been looked for. The cache is the caller's, who has narrowed it by Watched and starts it. Each
// change is notified for every namespace.
func Watch(ctx context.Context, informers cache.Informers, changes *association.Changes, log logrus.FieldLogger) (bundle func() string, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &corev1.ConfigMap{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch ConfigMap %s: %w", contract.AuthCAConfigMap, err)
	}
	f := &follower{changes: changes, log: log.WithField("configmap", contract.AuthCAConfigMap)}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: f.look, UpdateFunc: func(_, object any) { f.look(object) }, DeleteFunc: f.gone,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch ConfigMap %s: %w", contract.AuthCAConfigMap, err)
	}
	return f.Bundle, registration.HasSynced, nil
}

// follower takes events of the ConfigMap.
type follower struct {
	bundle  atomic.Pointer[string]
	changes *association.Changes
	log     logrus.FieldLogger
}

// Bundle are the authorities, or empty while none have been seen.
func (f *follower) Bundle() string {
	if bundle := f.bundle.Load(); bundle != nil {
		return *bundle
	}
	return ""
}

// look takes what the ConfigMap says. While it says nothing usable the last word stands: running pods would else lose
// their way to the auth service by a slip.
func (f *follower) look(object any) {
	configMap, ok := object.(*corev1.ConfigMap)
	if !ok {
		f.log.WithError(fmt.Errorf("it is a %T", object)).Error("the authorities of the auth service cannot be read")
		return
	}
	bundle, err := certificates(configMap.Data[contract.CABundleKey])
	if err != nil {
		f.log.WithError(err).Error("the authorities of the auth service cannot be used, and those of before stay")
		return
	}
	if bundle == f.Bundle() {
		return
	}
	f.bundle.Store(&bundle)
	f.log.Info("the authorities of the auth service have changed")
	f.changes.Notify("*")
}

func (f *follower) gone(any) {
	f.log.WithError(errors.New("it has been deleted")).Warn("the authorities of the auth service stay those of before")
}
