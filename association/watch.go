package association

import (
	"context"
	"fmt"

	"github.com/sirupsen/logrus"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Watch returns an index that follows the associations of the cluster from now on, and a function that tells whether it
// has seen all that exist. The cache is the caller's, who starts it. Changes are notified after the index has taken each.
func Watch(ctx context.Context, informers cache.Informers, changes *Changes, log logrus.FieldLogger) (index *Index, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.PodIdentityAssociation{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	f := follower{index: NewIndex(), changes: changes, log: log}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: f.set, UpdateFunc: f.replace, DeleteFunc: f.remove,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	return f.index, registration.HasSynced, nil
}

// follower takes events of associations into the index.
type follower struct {
	index   *Index
	changes *Changes
	log     logrus.FieldLogger
}

func (f follower) set(object any) {
	a := object.(*v1alpha1.PodIdentityAssociation)
	if err := f.index.Set(a); err != nil {
		f.log.WithError(err).Error("an association cannot be used")
	}
	f.changes.Notify(Pattern(a.Spec.Namespace))
}

// replace passes over changes of the status alone. The namespace is immutable, but an object deleted and made anew between
// two looks arrives as an update.
func (f follower) replace(old, object any) {
	before, after := old.(*v1alpha1.PodIdentityAssociation), object.(*v1alpha1.PodIdentityAssociation)
	if before.UID == after.UID && before.Generation == after.Generation {
		return
	}
	f.set(after)
	f.changes.Notify(Pattern(before.Spec.Namespace))
}

func (f follower) remove(object any) {
	a := last(object).(*v1alpha1.PodIdentityAssociation)
	f.index.Delete(a.Name)
	f.changes.Notify(Pattern(a.Spec.Namespace))
}

// last is the object of a deletion, as it was last seen where the deletion itself was missed.
func last(object any) any {
	if missed, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
		return missed.Obj
	}
	return object
}
