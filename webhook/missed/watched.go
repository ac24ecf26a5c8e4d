package missed

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// namespaces are known by their metadata alone.
func namespaces() *metav1.PartialObjectMetadata {
	var object metav1.PartialObjectMetadata
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return &object
}

// Watched narrows a cache to the namespaces that have the injection label.
func Watched() (map[client.Object]cache.ByObject, error) {
	labelled, err := labels.NewRequirement(contract.LabelInject, selection.Exists, nil)
	if err != nil {
		return nil, fmt.Errorf("select the labelled namespaces: %w", err)
	}
	return map[client.Object]cache.ByObject{namespaces(): {Label: labels.NewSelector().Add(*labelled)}}, nil
}
