package preview

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
)

// neverCalled are the namespaces whose pods the webhook never sees: the cluster's own, and its own.
func neverCalled() []string { return []string{metav1.NamespaceSystem, contract.Namespace} }

// notCalled says why the API server does not call the webhook for a pod, or nothing where it does. It repeats what the
// MutatingWebhookConfiguration of manifests/base demands; a test compares the two.
func notCalled(pod *corev1.Pod, namespace string, labelled bool) string {
	_, mirror := pod.Annotations[corev1.MirrorPodAnnotationKey]
	switch {
	case slices.Contains(neverCalled(), namespace):
		return "it leaves the namespace " + namespace + " alone"
	case !labelled:
		return fmt.Sprintf("namespace %s has no label %s; add %s or %s to it", namespace, contract.LabelInject, contract.InjectEnabled, contract.InjectAssociated)
	case pod.Annotations[contract.AnnotationInject] == "false":
		return fmt.Sprintf("the annotation %s: %q opts the pod out", contract.AnnotationInject, "false")
	case mirror:
		return "the annotation " + corev1.MirrorPodAnnotationKey + " marks the mirror of a static pod"
	}
	return ""
}
