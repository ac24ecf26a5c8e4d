package inject

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Rules are what the LimitRanges and ResourceQuotas of a namespace demand of its pods. The zero value demands nothing.
type Rules struct {
	// LimitRanges are the items of all LimitRanges.
	LimitRanges []corev1.LimitRangeItem
	// Quotas are the names of what ResourceQuotas bound, such as limits.cpu.
	Quotas []corev1.ResourceName
}

// QuotasOf are the names of what a quota bounds. The API server goes by its status, which follows the spec.
func QuotasOf(quota *corev1.ResourceQuota) []corev1.ResourceName {
	return slices.Concat(slices.Collect(maps.Keys(quota.Spec.Hard)), slices.Collect(maps.Keys(quota.Status.Hard)))
}

// demandsLimit reports whether a quota refuses containers without a limit of the resource
// (Constraints, pkg/quota/v1/evaluator/core/pods.go of Kubernetes). A quota whose scopes do not cover the pod counts too: a limit that nobody
// demands does less harm than a pod that is refused.
func (r Rules) demandsLimit(name corev1.ResourceName) bool {
	return slices.Contains(r.Quotas, "limits."+name)
}
