package association

import (
	"context"
	"fmt"
	"slices"
	"unique"

	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Watched narrows a cache of associations to what is used of them: a cluster may have many, and what tools write into their
// metadata is larger than all else.
func Watched() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{&v1alpha1.PodIdentityAssociation{}: {Transform: stripAssociation}}
}

func stripAssociation(object any) (any, error) {
	a, ok := object.(*v1alpha1.PodIdentityAssociation)
	if !ok {
		return nil, fmt.Errorf("strip a PodIdentityAssociation: it is a %T", object)
	}
	a.ObjectMeta = metav1.ObjectMeta{
		Name: a.Name, UID: a.UID, ResourceVersion: a.ResourceVersion, Generation: a.Generation, CreationTimestamp: a.CreationTimestamp,
	}
	// Most associations say the same of themselves, which in as many copies is more than all else of them.
	a.Status.Conditions = slices.Clone(a.Status.Conditions) // without the room that decoding leaves
	for i := range a.Status.Conditions {
		c := &a.Status.Conditions[i]
		c.Type, c.Reason, c.Message = shared(c.Type), shared(c.Reason), shared(c.Message)
		c.Status = shared(c.Status)
	}
	return a, nil
}

// shared is the one copy of a text that is kept of it.
func shared[T ~string](text T) T { return unique.Make(text).Value() }

// Watch returns an index that follows the associations of the cluster from now on, and a function that reports whether it
// has all that exist. The caller starts the cache, whose informers are of definition.NewInformer. It notifies of a change after the
// index has it.
func Watch(
	ctx context.Context, informers cache.Informers, definition *Definition, changes *Changes, log logrus.FieldLogger,
) (index *Index, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.PodIdentityAssociation{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	h := eventHandler{keeper: newKeeper(definition, changes, log)}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: h.set, UpdateFunc: h.update, DeleteFunc: h.delete,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	go h.keeper.run(ctx)
	return h.keeper.index, registration.HasSynced, nil
}

// List lists the associations that exist, in no order. They must not be changed.
type List func() []*v1alpha1.PodIdentityAssociation

// Stored lists the associations as the cache last saw them, without a copy of them.
func Stored(ctx context.Context, informers cache.Informers) (List, error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.PodIdentityAssociation{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	shared, ok := informer.(toolscache.SharedInformer)
	if !ok {
		return nil, fmt.Errorf("watch PodIdentityAssociations: the informer is a %T, without a store", informer)
	}
	return func() []*v1alpha1.PodIdentityAssociation {
		var all []*v1alpha1.PodIdentityAssociation
		for _, object := range shared.GetStore().List() {
			all = append(all, object.(*v1alpha1.PodIdentityAssociation))
		}
		return all
	}, nil
}

// eventHandler takes events of associations into the index.
type eventHandler struct{ keeper *keeper }

func (h eventHandler) set(object any) {
	a := object.(*v1alpha1.PodIdentityAssociation)
	h.keeper.set(a)
	h.keeper.changes.Notify(Pattern(a.Spec.Namespace))
}

// update ignores changes of the status alone. The namespace is immutable, but an association that was deleted and created
// again while the watch was interrupted arrives as an update.
func (h eventHandler) update(old, object any) {
	before, after := old.(*v1alpha1.PodIdentityAssociation), object.(*v1alpha1.PodIdentityAssociation)
	if before.UID == after.UID && before.Generation == after.Generation {
		return
	}
	h.set(after)
	h.keeper.changes.Notify(Pattern(before.Spec.Namespace))
}

func (h eventHandler) delete(object any) {
	h.keeper.delete(finalState(object).(*v1alpha1.PodIdentityAssociation).Name)
}

// finalState is the deleted object, as it was last seen where the watch missed its deletion.
func finalState(object any) any {
	if tombstone, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		return tombstone.Obj
	}
	return object
}
