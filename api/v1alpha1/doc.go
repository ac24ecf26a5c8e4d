// Package v1alpha1 is the podidentity.dev/v1alpha1 API: the PodIdentityAssociation, and nothing that runs.
//
// +kubebuilder:object:generate=true
// +groupName=podidentity.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podidentity/podidentity/contract"
)

// GroupVersion names this API.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: contract.Domain, Version: "v1alpha1"}
}

// AddToScheme adds the types of this API to a scheme. Its error, which is always nil, is for runtime.SchemeBuilder.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion(), &PodIdentityAssociation{}, &PodIdentityAssociationList{})
	metav1.AddToGroupVersion(scheme, GroupVersion())
	return nil
}
