package inject_test

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// qosClass is the QoS class of a pod by the rules of Kubernetes (ComputePodQOS), after the API server has set missing
// requests to the limits: 0 is BestEffort, 1 Burstable, 2 Guaranteed.
func qosClass(pod *corev1.Pod) int {
	var all []corev1.ResourceRequirements
	if podLevel := pod.Spec.Resources; podLevel != nil && (len(podLevel.Requests) > 0 || len(podLevel.Limits) > 0) {
		all = append(all, *podLevel)
	} else {
		for _, container := range pod.Spec.Containers {
			all = append(all, container.Resources)
		}
		for _, container := range pod.Spec.InitContainers {
			all = append(all, container.Resources)
		}
	}
	something, guaranteed := false, true
	requests, limits := map[corev1.ResourceName]resource.Quantity{}, map[corev1.ResourceName]resource.Quantity{}
	for _, r := range all {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			limit := r.Limits[name]
			request, set := r.Requests[name]
			if !set {
				request = limit
			}
			something = something || !request.IsZero() || !limit.IsZero()
			guaranteed = guaranteed && !limit.IsZero()
			add(requests, name, request)
			add(limits, name, limit)
		}
	}
	if !something {
		return 0
	}
	for name, limit := range limits {
		if request := requests[name]; request.Cmp(limit) != 0 {
			guaranteed = false
		}
	}
	if guaranteed {
		return 2
	}
	return 1
}

func add(sums map[corev1.ResourceName]resource.Quantity, name corev1.ResourceName, more resource.Quantity) {
	sum := sums[name].DeepCopy()
	sum.Add(more)
	sums[name] = sum
}
