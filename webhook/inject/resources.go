package inject

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// resources are the sidecar's: of a kind that keeps a Guaranteed pod Guaranteed.
func resources(pod *corev1.Pod, settings Settings) corev1.ResourceRequirements {
	if whole := pod.Spec.Resources; whole != nil && (len(whole.Requests) > 0 || len(whole.Limits) > 0) {
		// The pod has them as a whole: it decides the class, the sidecar shares them, and requests of its own could exceed
		// them, with which the API server would refuse the pod.
		return corev1.ResourceRequirements{}
	}
	if guaranteed(pod) {
		return corev1.ResourceRequirements{
			Requests: maps.Clone(settings.GuaranteedResources),
			Limits:   maps.Clone(settings.GuaranteedResources),
		}
	}
	return corev1.ResourceRequirements{
		Requests: maps.Clone(settings.Resources.Requests),
		Limits:   maps.Clone(settings.Resources.Limits),
	}
}

// guaranteed tells whether the pod would be of the quality of service class Guaranteed without us: every container has
// limits for CPU and memory, and requests, where it has them, equal to those.
func guaranteed(pod *corev1.Pod) bool {
	for _, container := range containers(pod) {
		if !limitsAreRequests(container.Resources) {
			return false
		}
	}
	return true
}

func limitsAreRequests(r corev1.ResourceRequirements) bool {
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		limit, limited := r.Limits[name]
		if !limited || limit.IsZero() {
			return false
		}
		if request, requested := r.Requests[name]; requested && request.Cmp(limit) != 0 {
			return false
		}
	}
	return true
}

// containers are all of the pod but ours.
func containers(pod *corev1.Pod) []*corev1.Container {
	all := make([]*corev1.Container, 0, len(pod.Spec.InitContainers)+len(pod.Spec.Containers))
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			if list[i].Name != contract.ContainerName {
				all = append(all, &list[i])
			}
		}
	}
	return all
}
