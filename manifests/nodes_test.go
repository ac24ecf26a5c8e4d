package manifests_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func TestServersRunOnLinuxNodesAlone(t *testing.T) {
	for _, overlay := range []string{"base", "overlays/auth"} {
		for _, deployment := range all[appsv1.Deployment](t, build(t, overlay), "Deployment") {
			if os := deployment.Spec.Template.Spec.NodeSelector[corev1.LabelOSStable]; os != "linux" {
				t.Errorf("%s: %s selects nodes with the operating system %q", overlay, deployment.Name, os)
			}
		}
	}
}

// The API server of e2e/cluster takes such pods nowhere else.
func TestTheNamespaceHasAQuotaForThePriorityClassOfItsPods(t *testing.T) {
	for _, overlay := range []string{"base", "overlays/auth", "overlays/namespace"} {
		built := build(t, overlay)
		quotas := all[corev1.ResourceQuota](t, built, "ResourceQuota")
		for _, deployment := range all[appsv1.Deployment](t, built, "Deployment") {
			covers := func(quota corev1.ResourceQuota) bool {
				return quota.Namespace == deployment.Namespace && slices.ContainsFunc(quota.Spec.ScopeSelector.MatchExpressions, func(r corev1.ScopedResourceSelectorRequirement) bool {
					return r.ScopeName == corev1.ResourceQuotaScopePriorityClass && slices.Contains(r.Values, deployment.Spec.Template.Spec.PriorityClassName)
				})
			}
			if !slices.ContainsFunc(quotas, covers) {
				t.Errorf("%s: no quota covers %s", overlay, deployment.Name)
			}
		}
	}
}
