package controller

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/contract"
)

// namespaceMetadata is how namespaces are watched.
func namespaceMetadata() *metav1.PartialObjectMetadata {
	var object metav1.PartialObjectMetadata
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	return &object
}

// watchedNamespaces narrows a cache to the namespaces that have the injection label.
func watchedNamespaces() (cache.ByObject, error) {
	labelled, err := labels.NewRequirement(contract.LabelInject, selection.Exists, nil)
	if err != nil {
		return cache.ByObject{}, fmt.Errorf("select the labelled namespaces: %w", err)
	}
	return cache.ByObject{Label: labels.NewSelector().Add(*labelled)}, nil
}
