package preview

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// whyNotCalled says why the API server does not call the webhook for a pod, or is empty if it does. It repeats the selectors
// and conditions of the MutatingWebhookConfiguration in manifests/base; a test compares the two.
func whyNotCalled(pod *corev1.Pod, namespace string, labelled bool) string {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case slices.Contains(inject.ExcludedNamespaces(contract.Namespace), namespace):
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
