package association

import (
	"context"
	"fmt"

	"github.com/sirupsen/logrus"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Changed is told of the namespaces in which some pod may now have another identity. It must not block.
type Changed func(namespaces Pattern)

// Watch returns an index that follows the associations of the cluster from now on, and a function that tells whether it
// has seen all that exist. The cache is the caller's, who starts it. Changed is called after the index has taken each change.
func Watch(ctx context.Context, informers cache.Informers, changed Changed, log logrus.FieldLogger) (index *Index, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.PodIdentityAssociation{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	index = NewIndex()
	set := func(object any) {
		a := object.(*v1alpha1.PodIdentityAssociation)
		if err := index.Set(a); err != nil {
			log.WithError(err).Error("an association cannot be used")
		}
		changed(Pattern(a.Spec.Namespace))
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: set,
		// The namespace is immutable, but an object deleted and made anew between two looks arrives as an update.
		UpdateFunc: func(old, object any) {
			set(object)
			changed(Pattern(old.(*v1alpha1.PodIdentityAssociation).Spec.Namespace))
		},
		DeleteFunc: func(object any) {
			if last, missed := object.(toolscache.DeletedFinalStateUnknown); missed {
				object = last.Obj
			}
			a := object.(*v1alpha1.PodIdentityAssociation)
			index.Delete(a.Name)
			changed(Pattern(a.Spec.Namespace))
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	return index, registration.HasSynced, nil
}
