package inject_test

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/webhook/inject"
)

// setDefaults does what the API server does to the resources of a pod: LimitRanger gives containers the defaults that they lack, and
// requests that are missing then equal the limits.
func setDefaults(pod *corev1.Pod, items []corev1.LimitRangeItem) {
	for _, container := range containersOf(pod) {
		r := &container.Resources
		r.Requests, r.Limits = r.Requests.DeepCopy(), r.Limits.DeepCopy()
		fill(&r.Requests, r.Limits)
		for _, item := range items {
			if item.Type == corev1.LimitTypeContainer {
				fill(&r.Limits, item.Default)
				fill(&r.Requests, item.DefaultRequest)
			}
		}
		fill(&r.Requests, r.Limits)
	}
}

func containersOf(pod *corev1.Pod) []*corev1.Container {
	var all []*corev1.Container
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			all = append(all, &list[i])
		}
	}
	return all
}

func fill(list *corev1.ResourceList, defaults corev1.ResourceList) {
	for name, value := range defaults {
		if _, set := (*list)[name]; set {
			continue
		}
		if *list == nil {
			*list = corev1.ResourceList{}
		}
		(*list)[name] = value
	}
}

// refusals are what LimitRanger (plugin/pkg/admission/limitranger of Kubernetes) and quotas have against a pod, and the validation of its
// resources.
func refusals(pod *corev1.Pod, rules inject.Rules) []string {
	all := append(beyondPod(pod), unlimited(pod, rules.Quotas)...)
	for _, item := range rules.LimitRanges {
		if item.Type == corev1.LimitTypePod {
			requests := total(pod, func(r corev1.ResourceRequirements) corev1.ResourceList { return r.Requests })
			limits := total(pod, func(r corev1.ResourceRequirements) corev1.ResourceList { return r.Limits })
			if podLevel := pod.Spec.Resources; podLevel != nil {
				override(requests, podLevel.Requests)
				override(limits, podLevel.Limits)
			}
			all = append(all, violations("pod", item, requests, limits)...)
			continue
		}
		for _, container := range containersOf(pod) {
			all = append(all, violations(container.Name, item, container.Resources.Requests, container.Resources.Limits)...)
		}
	}
	return all
}

// unlimited are the containers without a limit that a quota demands, and those whose requests exceed their limits.
func unlimited(pod *corev1.Pod, quotas []corev1.ResourceName) []string {
	var all []string
	for _, container := range containersOf(pod) {
		for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			limit, limited := container.Resources.Limits[name]
			if request := container.Resources.Requests[name]; limited && request.Cmp(limit) > 0 {
				all = append(all, fmt.Sprintf("%s requests more %s than its limit", container.Name, name))
			}
			if !limited && pod.Spec.Resources == nil && slices.Contains(quotas, "limits."+name) {
				all = append(all, fmt.Sprintf("a quota demands a limit of %s of %s", name, container.Name))
			}
		}
	}
	return all
}

// beyondPod compares the containers with the resources of the pod as a whole.
func beyondPod(pod *corev1.Pod) []string {
	var all []string
	if pod.Spec.Resources == nil {
		return nil
	}
	requests := total(pod, func(r corev1.ResourceRequirements) corev1.ResourceList { return r.Requests })
	ceilings := pod.Spec.Resources.Requests.DeepCopy()
	fill(&ceilings, pod.Spec.Resources.Limits)
	for name, ceiling := range ceilings {
		if request := requests[name]; request.Cmp(ceiling) > 0 {
			all = append(all, fmt.Sprintf("requests of %s are %s, more than the pod's %s", name, request.String(), ceiling.String()))
		}
	}
	for name, ceiling := range pod.Spec.Resources.Limits {
		if request := pod.Spec.Resources.Requests[name]; request.Cmp(ceiling) > 0 {
			all = append(all, fmt.Sprintf("the pod requests more %s than its limit", name))
		}
		for _, container := range containersOf(pod) {
			if limit := container.Resources.Limits[name]; limit.Cmp(ceiling) > 0 {
				all = append(all, fmt.Sprintf("%s of %s is %s, more than the pod's %s", name, container.Name, limit.String(), ceiling.String()))
			}
		}
	}
	return all
}

func override(list, with corev1.ResourceList) {
	for name, value := range with {
		list[name] = value
	}
}

func violations(of string, item corev1.LimitRangeItem, requests, limits corev1.ResourceList) []string {
	var all []string
	complain := func(name corev1.ResourceName, what string, bound resource.Quantity) {
		request, limit := requests[name], limits[name]
		all = append(all, fmt.Sprintf("%s of %s is %s %s, %s is %s", name, of, request.String(), limit.String(), what, bound.String()))
	}
	for name, bound := range item.Min {
		request, requested := requests[name]
		limit, limited := limits[name]
		if !requested || request.Cmp(bound) < 0 || limited && limit.Cmp(bound) < 0 {
			complain(name, "min", bound)
		}
	}
	for name, bound := range item.Max {
		request := requests[name]
		if limit, limited := limits[name]; !limited || limit.Cmp(bound) > 0 || request.Cmp(bound) > 0 {
			complain(name, "max", bound)
		}
	}
	for name, bound := range item.MaxLimitRequestRatio {
		request, limit := requests[name], limits[name]
		if request.IsZero() || limit.IsZero() || float64(limit.MilliValue())/float64(request.MilliValue())*1000 > float64(bound.MilliValue()) {
			complain(name, "maxLimitRequestRatio", bound)
		}
	}
	return all
}

// total is what the containers have together at most, at any time.
func total(pod *corev1.Pod, of func(corev1.ResourceRequirements) corev1.ResourceList) corev1.ResourceList {
	sums, sidecars, peaks := corev1.ResourceList{}, corev1.ResourceList{}, corev1.ResourceList{}
	for _, container := range pod.Spec.InitContainers {
		now := sidecars.DeepCopy()
		if container.RestartPolicy != nil {
			now = sidecars
			addAll(sums, of(container.Resources))
		}
		addAll(now, of(container.Resources))
		for name, value := range now {
			if peak, set := peaks[name]; !set || value.Cmp(peak) > 0 {
				peaks[name] = value.DeepCopy()
			}
		}
	}
	for _, container := range pod.Spec.Containers {
		addAll(sums, of(container.Resources))
	}
	for name, peak := range peaks {
		if value, set := sums[name]; !set || peak.Cmp(value) > 0 {
			sums[name] = peak
		}
	}
	return sums
}

func addAll(sums, more corev1.ResourceList) {
	for name, value := range more {
		add(sums, name, value)
	}
}
