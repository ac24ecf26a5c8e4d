package inject

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// bounds are what the rules of a namespace demand for one resource of the sidecar; nil where they demand nothing.
type bounds struct {
	min, max, ratio *resource.Quantity
	// left is what the pod's other containers leave of the maximum of type Pod, or of the pod's own resources.
	left shares
	// limit is whether a quota demands one.
	limit bool
	// standard is the default limit of a container, which LimitRanger gives to the sidecar too, when the webhook has added it.
	standard *resource.Quantity
	// mentioned is whether an item of type Container has the resource: without a value of its own, the sidecar would get its default.
	mentioned bool
}

// shares are those of requests and limits.
type shares struct{ request, limit *resource.Quantity }

func boundsOf(in Input, name corev1.ResourceName) bounds {
	// In a pod with resources of its own, quotas look at these.
	b := bounds{limit: in.demandsLimit(name) && !hasPodLevelResources(in.Pod)}
	for _, item := range in.LimitRanges {
		if item.Type != corev1.LimitTypeContainer && item.Type != corev1.LimitTypePod {
			continue
		}
		// A sidecar within the ratio of its pod leaves a pod within it that was so before.
		if ratio, set := item.MaxLimitRequestRatio[name]; set && ratio.MilliValue() >= 1000 {
			b.ratio = least(b.ratio, ratio)
		}
		maximum, hasMaximum := item.Max[name]
		if item.Type == corev1.LimitTypePod {
			if hasMaximum {
				b.belowPod(in.Pod, name, maximum)
			}
			continue
		}
		minimum, hasMinimum := item.Min[name]
		if hasMinimum && (b.min == nil || minimum.Cmp(*b.min) > 0) {
			b.min = &minimum
		}
		if hasMaximum {
			b.max = least(b.max, maximum)
		}
		_, hasRatio := item.MaxLimitRequestRatio[name]
		standard, hasDefault := item.Default[name]
		if hasDefault {
			b.standard = least(b.standard, standard)
		}
		_, hasDefaultRequest := item.DefaultRequest[name]
		b.mentioned = b.mentioned || hasMinimum || hasMaximum || hasRatio || hasDefault || hasDefaultRequest
	}
	if hasPodLevelResources(in.Pod) {
		b.within(in.Pod, name)
	}
	return b
}

// belowPod adds a maximum of type Pod, which counts the containers where the pod as a whole has no resources of that name.
func (b *bounds) belowPod(pod *corev1.Pod, name corev1.ResourceName, maximum resource.Quantity) {
	requested, limited := false, false
	if r := pod.Spec.Resources; r != nil {
		_, requested = r.Requests[name]
		_, limited = r.Limits[name]
	}
	if !requested && !limited {
		b.left.request = least(b.left.request, remaining(maximum, pod, name, requests))
	}
	if !limited {
		b.left.limit = least(b.left.limit, remaining(maximum, pod, name, limits))
	}
}

// within adds what the API server demands in a pod with resources of its own: that the requests of the containers together, and each of their
// limits, do not exceed these.
func (b *bounds) within(pod *corev1.Pod, name corev1.ResourceName) {
	limit, limited := pod.Spec.Resources.Limits[name]
	if limited {
		b.max = least(b.max, limit)
	}
	request, requested := pod.Spec.Resources.Requests[name]
	if !requested {
		request, requested = limit, limited
	}
	if requested {
		left := remaining(request, pod, name, requests)
		b.left.request = least(b.left.request, left)
	}
}

// demandsLimit reports whether a sidecar that requests so much needs a limit: because the namespace refuses containers without, or because the
// default limit could be more than is left, or less than the request.
func (b bounds) demandsLimit(request resource.Quantity) bool {
	return b.limit || b.max != nil || b.ratio != nil || b.standard != nil && (b.left.limit != nil || b.standard.Cmp(b.follow(request)) < 0)
}

func least(one *resource.Quantity, other resource.Quantity) *resource.Quantity {
	if one != nil && one.Cmp(other) <= 0 {
		return one
	}
	return &other
}

func most(one, other resource.Quantity) resource.Quantity {
	if one.Cmp(other) >= 0 {
		return one
	}
	return other
}

// remaining is what the pod leaves of a maximum.
func remaining(maximum resource.Quantity, pod *corev1.Pod, name corev1.ResourceName, of func(corev1.ResourceRequirements) corev1.ResourceList) resource.Quantity {
	left := maximum.DeepCopy()
	left.Sub(podTotal(pod, name, of))
	return left
}

func requests(r corev1.ResourceRequirements) corev1.ResourceList { return r.Requests }
func limits(r corev1.ResourceRequirements) corev1.ResourceList   { return r.Limits }

// podTotal is what the pod has at once at most, as LimitRanger reckons: containers and native sidecars together, or one init container
// with the native sidecars before it, if that is more.
func podTotal(pod *corev1.Pod, name corev1.ResourceName, of func(corev1.ResourceRequirements) corev1.ResourceList) resource.Quantity {
	var sidecars, peak resource.Quantity
	for _, container := range pod.Spec.InitContainers {
		if isNativeSidecar(container) {
			sidecars.Add(of(container.Resources)[name])
			continue
		}
		peak = most(peak, sum(sidecars, of(container.Resources)[name]))
	}
	total := sidecars
	for _, container := range pod.Spec.Containers {
		total = sum(total, of(container.Resources)[name])
	}
	return most(total, peak)
}

func sum(one, other resource.Quantity) resource.Quantity {
	total := one.DeepCopy()
	total.Add(other)
	return total
}

// follow is the quantity that is next to the wanted one and within the bounds of a container.
func (b bounds) follow(wanted resource.Quantity) resource.Quantity {
	if b.min != nil {
		wanted = most(wanted, *b.min)
	}
	if b.max != nil && wanted.Cmp(*b.max) > 0 {
		wanted = *b.max
	}
	return wanted
}

// leastRequest is the smallest request with which a limit is within the ratio. It reckons as LimitRanger does, in floating point.
func (b bounds) leastRequest(name corev1.ResourceName, limit resource.Quantity) resource.Quantity {
	ratio := float64(b.ratio.MilliValue())
	value := limit.Value()
	if name == corev1.ResourceCPU {
		value = limit.MilliValue()
	}
	request := max(1, int64(float64(value)*1000/ratio))
	for request < value && float64(value)/float64(request)*1000 > ratio {
		request++
	}
	if name == corev1.ResourceCPU {
		return *resource.NewMilliQuantity(request, resource.DecimalSI)
	}
	return *resource.NewQuantity(request, resource.BinarySI)
}

func fits(share resource.Quantity, left *resource.Quantity) bool {
	return left == nil || share.Cmp(*left) <= 0
}
