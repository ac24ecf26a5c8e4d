package inject

import (
	corev1 "k8s.io/api/core/v1"
)

// sidecarResources are the resources of a sidecar that is added to the pod. They keep a Guaranteed pod Guaranteed, and follow the
// rules of the namespace; fit is false where a maximum of type Pod leaves no room for them.
func sidecarResources(in Input, settings Settings) (resources corev1.ResourceRequirements, fit bool) {
	podLevel := hasPodLevelResources(in.Pod)
	wanted := settings.Resources
	if !podLevel && guaranteed(in.Pod) {
		wanted = corev1.ResourceRequirements{Requests: settings.GuaranteedResources, Limits: settings.GuaranteedResources}
	}
	resources, fit = corev1.ResourceRequirements{Requests: corev1.ResourceList{}, Limits: corev1.ResourceList{}}, true
	for name := range union(wanted.Requests, wanted.Limits, settings.GuaranteedResources) {
		b := boundsOf(in, name)
		// Pod-level resources decide the QoS class, and the sidecar shares them. If its own requests exceeded them, the API server would
		// refuse the pod.
		if podLevel && !b.mentioned {
			continue
		}
		followBounds(resources, name, wanted, b, settings)
		fit = fit && fits(resources.Requests[name], b.left.request) && fits(resources.Limits[name], b.left.limit)
	}
	return resources, fit
}

// followBounds sets request and limit of one resource: the wanted ones, changed as little as the bounds demand. Against a ratio the
// request rises, since the sidecar needs its limit.
func followBounds(resources corev1.ResourceRequirements, name corev1.ResourceName, wanted corev1.ResourceRequirements, b bounds, settings Settings) {
	request, requested := wanted.Requests[name]
	limit, limited := wanted.Limits[name]
	enough, known := settings.GuaranteedResources[name]
	if !limited && known && b.demandsLimit(request) {
		limit, limited = enough, true
	}
	request, limit = b.follow(request), b.follow(limit)
	if limited {
		floor := b.follow(enough)
		if left := b.left.limit; left != nil && known && limit.Cmp(*left) > 0 && floor.Cmp(*left) <= 0 {
			limit = *left
		}
		if request.Cmp(limit) > 0 {
			request = limit
		}
		if b.ratio != nil {
			request = most(request, b.leastRequest(name, limit))
		}
		resources.Limits[name] = limit
	}
	if requested {
		resources.Requests[name] = request
	}
}

func union(lists ...corev1.ResourceList) map[corev1.ResourceName]struct{} {
	names := map[corev1.ResourceName]struct{}{}
	for _, list := range lists {
		for name := range list {
			names[name] = struct{}{}
		}
	}
	return names
}

// hasPodLevelResources reports whether the pod has resources as a whole.
func hasPodLevelResources(pod *corev1.Pod) bool {
	r := pod.Spec.Resources
	return r != nil && (len(r.Requests) > 0 || len(r.Limits) > 0)
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
