package certs

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// ConfigMap names a ConfigMap as a Trust: its key ca.crt has the bundle, for whoever carries it to the callers. It is created
// where it is missing.
type ConfigMap types.NamespacedName

func (m ConfigMap) watched() (client.Object, cache.ByObject) {
	return &corev1.ConfigMap{}, cache.ByObject{Namespaces: map[string]cache.Config{
		m.Namespace: {FieldSelector: fields.OneTermEqualSelector("metadata.name", m.Name)},
	}}
}

func (m ConfigMap) bundles(ctx context.Context, reader client.Reader) ([][]byte, error) {
	var live corev1.ConfigMap
	if err := reader.Get(ctx, types.NamespacedName(m), &live); err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("read ConfigMap %s: %w", m.Name, err)
	}
	return [][]byte{[]byte(live.Data[bundleKey])}, nil
}

func (m ConfigMap) publish(ctx context.Context, writer client.Client, bundle []byte) error {
	apply := applyv1.ConfigMap(m.Name, m.Namespace).WithData(map[string]string{bundleKey: string(bundle)})
	if err := writer.Apply(ctx, apply, client.FieldOwner(contract.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("publish the CA in ConfigMap %s: %w", m.Name, err)
	}
	return nil
}
