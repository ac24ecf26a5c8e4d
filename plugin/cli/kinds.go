package cli

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// kinds are all that the commands ask for.
func kinds() map[schema.GroupVersionKind]meta.RESTScope {
	definitions := schema.GroupVersion{Group: "apiextensions.k8s.io", Version: "v1"}
	return map[schema.GroupVersionKind]meta.RESTScope{
		corev1.SchemeGroupVersion.WithKind("Pod"):                                               meta.RESTScopeNamespace,
		corev1.SchemeGroupVersion.WithKind("ServiceAccount"):                                    meta.RESTScopeNamespace,
		corev1.SchemeGroupVersion.WithKind("Event"):                                             meta.RESTScopeNamespace,
		corev1.SchemeGroupVersion.WithKind("ConfigMap"):                                         meta.RESTScopeNamespace,
		corev1.SchemeGroupVersion.WithKind("Namespace"):                                         meta.RESTScopeRoot,
		appsv1.SchemeGroupVersion.WithKind("Deployment"):                                        meta.RESTScopeNamespace,
		coordinationv1.SchemeGroupVersion.WithKind("Lease"):                                     meta.RESTScopeNamespace,
		admissionregistrationv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration"):     meta.RESTScopeRoot,
		admissionregistrationv1.SchemeGroupVersion.WithKind("ValidatingAdmissionPolicy"):        meta.RESTScopeRoot,
		admissionregistrationv1.SchemeGroupVersion.WithKind("ValidatingAdmissionPolicyBinding"): meta.RESTScopeRoot,
		authorizationv1.SchemeGroupVersion.WithKind("SubjectAccessReview"):                      meta.RESTScopeRoot,
		definitions.WithKind("CustomResourceDefinition"):                                        meta.RESTScopeRoot,
		v1alpha1.GroupVersion().WithKind("PodIdentityAssociation"):                              meta.RESTScopeRoot,
	}
}
