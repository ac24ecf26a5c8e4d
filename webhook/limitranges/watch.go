// Package limitranges follows the LimitRanges of the cluster, so that every sidecar gets resources that its namespace allows.
package limitranges

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Watched narrows a cache of LimitRanges to what is used of them.
func Watched() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{&corev1.LimitRange{}: {Transform: strip}}
}

func strip(object any) (any, error) {
	limitRange, ok := object.(*corev1.LimitRange)
	if !ok {
		return nil, fmt.Errorf("strip a LimitRange: it is a %T", object)
	}
	limitRange.ObjectMeta = metav1.ObjectMeta{
		Namespace: limitRange.Namespace, Name: limitRange.Name, UID: limitRange.UID, ResourceVersion: limitRange.ResourceVersion,
	}
	limitRange.Spec.Limits = slices.DeleteFunc(limitRange.Spec.Limits, func(item corev1.LimitRangeItem) bool {
		return item.Type != corev1.LimitTypeContainer && item.Type != corev1.LimitTypePod
	})
	return limitRange, nil
}

// Watch returns an index that follows the LimitRanges from now on, and a function that reports whether it has all that exist. The
// caller has narrowed the cache by Watched, and starts it.
func Watch(ctx context.Context, informers cache.Informers) (index *Index, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &corev1.LimitRange{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch LimitRanges: %w", err)
	}
	index = &Index{}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: index.set, UpdateFunc: func(_, object any) { index.set(object) }, DeleteFunc: index.delete,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch LimitRanges: %w", err)
	}
	return index, registration.HasSynced, nil
}

// Index has the LimitRanges of each namespace. The zero value is empty.
type Index struct {
	mutex       sync.RWMutex
	byNamespace map[string]map[string][]corev1.LimitRangeItem
}

// Items are those of all LimitRanges of a namespace, for reading alone.
func (x *Index) Items(namespace string) []corev1.LimitRangeItem {
	x.mutex.RLock()
	defer x.mutex.RUnlock()
	var all []corev1.LimitRangeItem
	for _, items := range x.byNamespace[namespace] {
		all = append(all, items...)
	}
	return all
}

func (x *Index) set(object any) {
	limitRange := object.(*corev1.LimitRange)
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.byNamespace == nil {
		x.byNamespace = map[string]map[string][]corev1.LimitRangeItem{}
	}
	if x.byNamespace[limitRange.Namespace] == nil {
		x.byNamespace[limitRange.Namespace] = map[string][]corev1.LimitRangeItem{}
	}
	x.byNamespace[limitRange.Namespace][limitRange.Name] = limitRange.Spec.Limits
}

func (x *Index) delete(object any) {
	if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	limitRange := object.(*corev1.LimitRange)
	x.mutex.Lock()
	defer x.mutex.Unlock()
	delete(x.byNamespace[limitRange.Namespace], limitRange.Name)
	if len(x.byNamespace[limitRange.Namespace]) == 0 {
		delete(x.byNamespace, limitRange.Namespace)
	}
}
