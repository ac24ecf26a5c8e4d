package certs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// ConfigMap names a ConfigMap as a BundleTarget: its key contract.CABundleKey has the bundle, for whoever carries that to the
// callers. It is created where it is missing.
type ConfigMap types.NamespacedName

// Watched narrows a cache to this ConfigMap, so that a reader of the bundle needs no right to see others.
func (m ConfigMap) Watched() map[client.Object]cache.ByObject {
	object, narrowed := m.watched()
	return map[client.Object]cache.ByObject{object: narrowed}
}

func (m ConfigMap) watched() (client.Object, cache.ByObject) {
	return &corev1.ConfigMap{}, only(types.NamespacedName(m))
}

func (m ConfigMap) bundles(ctx context.Context, reader client.Reader) ([][]byte, error) {
	var live corev1.ConfigMap
	if err := reader.Get(ctx, types.NamespacedName(m), &live); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("read ConfigMap %s: %w", m.Name, err)
	}
	return [][]byte{[]byte(live.Data[contract.CABundleKey])}, nil
}

func (m ConfigMap) publish(ctx context.Context, writer client.Client, bundle []byte) error {
	apply := applyv1.ConfigMap(m.Name, m.Namespace).WithData(map[string]string{contract.CABundleKey: string(bundle)})
	if err := writer.Apply(ctx, apply, client.FieldOwner(contract.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("publish the CA in ConfigMap %s: %w", m.Name, err)
	}
	return nil
}
