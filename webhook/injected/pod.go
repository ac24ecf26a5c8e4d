package injected

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
)

// Lives tells whether a pod of the cache has our sidecar, whoever wrote the label, and has not ended.
func Lives(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed &&
		len(pod.Spec.InitContainers) > 0
}

// Account is the service account of a pod.
func Account(pod *corev1.Pod) association.ServiceAccount {
	return association.ServiceAccount{Namespace: pod.Namespace, Name: pod.Spec.ServiceAccountName}
}

// Waits tells whether the sidecar of a pod of the cache runs without credentials that it should have: its readiness probe
// fails, which it does for no other reason.
func Waits(pod *corev1.Pod) bool { return len(pod.Status.InitContainerStatuses) > 0 }
