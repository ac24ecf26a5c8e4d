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
// has seen all that exist. The cache is the caller's, who starts it.
func Watch(ctx context.Context, informers cache.Informers, log logrus.FieldLogger) (index *Index, synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.PodIdentityAssociation{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	index = NewIndex()
	set := func(object any) {
		if err := index.Set(object.(*v1alpha1.PodIdentityAssociation)); err != nil {
			log.WithError(err).Error("an association cannot be used")
		}
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    set,
		UpdateFunc: func(_, object any) { set(object) },
		DeleteFunc: func(object any) {
			if last, missed := object.(toolscache.DeletedFinalStateUnknown); missed {
				object = last.Obj
			}
			index.Delete(object.(*v1alpha1.PodIdentityAssociation).Name)
		},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("watch PodIdentityAssociations: %w", err)
	}
	return index, registration.HasSynced, nil
}
