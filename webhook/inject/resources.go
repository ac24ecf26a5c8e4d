package inject

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
)

// resources are the sidecar's. They keep a Guaranteed pod Guaranteed.
func resources(pod *corev1.Pod, settings Settings) corev1.ResourceRequirements {
	if podLevel := pod.Spec.Resources; podLevel != nil && (len(podLevel.Requests) > 0 || len(podLevel.Limits) > 0) {
		// Pod-level resources decide the QoS class, and the sidecar shares them. If its own requests exceeded them, the API
		// server would refuse the pod.
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

// guaranteed reports whether the pod has the QoS class Guaranteed without the sidecar: every container has limits for CPU and
// memory, and its requests, if any, equal them.
func guaranteed(pod *corev1.Pod) bool {
	for _, container := range applicationContainers(pod) {
		if !requestsEqualLimits(container.Resources) {
			return false
		}
	}
	return true
}

func requestsEqualLimits(r corev1.ResourceRequirements) bool {
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
