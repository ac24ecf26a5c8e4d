package resourcerules

import (
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/webhook/inject"
)

// Index has the rules of each namespace. The zero value is empty.
type Index struct {
	mutex       sync.RWMutex
	byNamespace map[string]map[types.UID]inject.Rules
}

// Rules are those of all LimitRanges and ResourceQuotas of a namespace, for reading alone.
func (x *Index) Rules(namespace string) inject.Rules {
	x.mutex.RLock()
	defer x.mutex.RUnlock()
	var all inject.Rules
	for _, rules := range x.byNamespace[namespace] {
		all.LimitRanges = append(all.LimitRanges, rules.LimitRanges...)
		all.Quotas = append(all.Quotas, rules.Quotas...)
	}
	return all
}

func (x *Index) set(object any) {
	var rules inject.Rules
	switch o := object.(type) {
	case *corev1.LimitRange:
		rules.LimitRanges = o.Spec.Limits
	case *corev1.ResourceQuota:
		rules.Quotas = inject.QuotasOf(o)
	}
	key := object.(client.Object)
	x.mutex.Lock()
	defer x.mutex.Unlock()
	if x.byNamespace == nil {
		x.byNamespace = map[string]map[types.UID]inject.Rules{}
	}
	if x.byNamespace[key.GetNamespace()] == nil {
		x.byNamespace[key.GetNamespace()] = map[types.UID]inject.Rules{}
	}
	x.byNamespace[key.GetNamespace()][key.GetUID()] = rules
}

func (x *Index) delete(object any) {
	if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	key := object.(client.Object)
	x.mutex.Lock()
	defer x.mutex.Unlock()
	delete(x.byNamespace[key.GetNamespace()], key.GetUID())
	if len(x.byNamespace[key.GetNamespace()]) == 0 {
		delete(x.byNamespace, key.GetNamespace())
	}
}
