// Package resourcerules follows the LimitRanges and ResourceQuotas of the cluster, so that every sidecar gets resources that its namespace
// allows.
package resourcerules

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Watched narrows a cache of these objects to what is used of them.
func Watched() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{&corev1.LimitRange{}: {Transform: strip}, &corev1.ResourceQuota{}: {Transform: strip}}
}

func strip(object any) (any, error) {
	switch o := object.(type) {
	case *corev1.LimitRange:
		o.ObjectMeta = identifying(o.ObjectMeta)
		o.Spec.Limits = slices.DeleteFunc(o.Spec.Limits, func(item corev1.LimitRangeItem) bool {
			return item.Type != corev1.LimitTypeContainer && item.Type != corev1.LimitTypePod
		})
	case *corev1.ResourceQuota:
		o.ObjectMeta = identifying(o.ObjectMeta)
		o.Status.Used = nil
	default:
		return nil, fmt.Errorf("strip a LimitRange or ResourceQuota: it is a %T", object)
	}
	return object, nil
}

func identifying(o metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name, UID: o.UID, ResourceVersion: o.ResourceVersion}
}

// Watch returns an index that follows the objects from now on, and a function that reports whether it has all that exist. The
// caller has narrowed the cache by Watched, and starts it.
func Watch(ctx context.Context, informers cache.Informers) (index *Index, synced func() bool, err error) {
	index = &Index{}
	var registrations []toolscache.ResourceEventHandlerRegistration
	for _, object := range []client.Object{&corev1.LimitRange{}, &corev1.ResourceQuota{}} {
		informer, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, nil, fmt.Errorf("watch LimitRanges and ResourceQuotas: %w", err)
		}
		registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: index.set, UpdateFunc: func(_, object any) { index.set(object) }, DeleteFunc: index.delete,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("watch LimitRanges and ResourceQuotas: %w", err)
		}
		registrations = append(registrations, registration)
	}
	return index, func() bool {
		return !slices.ContainsFunc(registrations, func(r toolscache.ResourceEventHandlerRegistration) bool { return !r.HasSynced() })
	}, nil
}
