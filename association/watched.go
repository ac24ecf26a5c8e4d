package association

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// Watched narrows a cache of associations to what is used of them: a cluster may have many, and what tools write into their
// metadata is larger than all else.
func Watched() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{&v1alpha1.PodIdentityAssociation{}: {Transform: slim}}
}

func slim(object any) (any, error) {
	a, ok := object.(*v1alpha1.PodIdentityAssociation)
	if !ok {
		return nil, fmt.Errorf("slim a PodIdentityAssociation: it is a %T", object)
	}
	a.ObjectMeta = metav1.ObjectMeta{
		Name: a.Name, UID: a.UID, ResourceVersion: a.ResourceVersion, Generation: a.Generation, CreationTimestamp: a.CreationTimestamp,
	}
	return a, nil
}
