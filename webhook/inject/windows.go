package inject

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// labelOSBeta is deprecated, but nodes still have it, and older charts still select by it.
const labelOSBeta = "beta.kubernetes.io/os"

// isWindows looks at the three places where a pod can require Windows: spec.os, its node selector, its node affinity.
func isWindows(pod *corev1.Pod) bool {
	if pod.Spec.OS != nil && pod.Spec.OS.Name == corev1.Windows ||
		pod.Spec.NodeSelector[corev1.LabelOSStable] == string(corev1.Windows) ||
		pod.Spec.NodeSelector[labelOSBeta] == string(corev1.Windows) {
		return true
	}
	affinity := pod.Spec.Affinity
	if affinity == nil || affinity.NodeAffinity == nil || affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	// The terms are alternatives: the pod may land on another node unless each of them requires Windows.
	return every(affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms, requiresWindows)
}

func requiresWindows(term corev1.NodeSelectorTerm) bool {
	return slices.ContainsFunc(term.MatchExpressions, func(e corev1.NodeSelectorRequirement) bool {
		return (e.Key == corev1.LabelOSStable || e.Key == labelOSBeta) && e.Operator == corev1.NodeSelectorOpIn &&
			len(e.Values) == 1 && e.Values[0] == string(corev1.Windows)
	})
}
