package preview

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
)

// excludedNamespaces are those for which the API server never calls the webhook: the cluster's own, and the webhook's.
func excludedNamespaces() []string { return []string{metav1.NamespaceSystem, contract.Namespace} }

// whyNotCalled says why the API server does not call the webhook for a pod, or is empty if it does. It repeats the selectors
// and conditions of the MutatingWebhookConfiguration in manifests/base; a test compares the two.
func whyNotCalled(pod *corev1.Pod, namespace string, labelled bool) string {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case slices.Contains(excludedNamespaces(), namespace):
		return "the namespace " + namespace + " is excluded"
	case !labelled:
		return fmt.Sprintf("namespace %s has no label %s; add %s or %s to it", namespace, contract.LabelInject, contract.InjectEnabled, contract.InjectAssociated)
	case pod.Annotations[contract.AnnotationInject] == "false":
		return fmt.Sprintf("the annotation %s: %q opts the pod out", contract.AnnotationInject, "false")
	case mirror:
		return "the annotation " + corev1.MirrorPodAnnotationKey + " marks the mirror pod of a static pod"
	}
	return ""
}
