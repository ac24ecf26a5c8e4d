package manifests_test

import (
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	authconfig "github.com/podidentity/podidentity/auth/config"
)

func authDeployment(t *testing.T) appsv1.Deployment {
	return object[appsv1.Deployment](t, filepath.Join("auth", "deployment.yaml"), "Deployment")
}

// overlayArguments are those that the overlay appends to the arguments of the auth service.
func overlayArguments(t *testing.T) []string {
	t.Helper()
	overlay := object[struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Resources  []string `json:"resources"`
		Patches    []struct {
			Target struct{ Kind, Name, LabelSelector string } `json:"target"`
			Patch  string                                     `json:"patch"`
		} `json:"patches"`
	}](t, filepath.Join("overlays", "auth", "kustomization.yaml"), "Kustomization")
	var arguments []string
	for _, patch := range overlay.Patches {
		for line := range strings.Lines(patch.Patch) {
			if _, value, found := strings.Cut(line, "value: "); found && patch.Target.Name == authDeployment(t).Name {
				arguments = append(arguments, strings.TrimSpace(value))
			}
		}
	}
	return arguments
}

func parseAuth(t *testing.T) authconfig.Config {
	t.Helper()
	namespace := base[corev1.Namespace](t, "namespace.yaml", "Namespace").Name
	var arguments []string
	for _, argument := range append(authDeployment(t).Spec.Template.Spec.Containers[0].Args, overlayArguments(t)...) {
		arguments = append(arguments, strings.ReplaceAll(argument, "$(POD_NAMESPACE)", namespace))
	}
	c, err := authconfig.Parse(arguments, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheAuthServiceAcceptsTheArgumentsOfItsDeploymentAndOverlay(t *testing.T) {
	c := parseAuth(t)
	for _, port := range authDeployment(t).Spec.Template.Spec.Containers[0].Ports {
		want := map[string]string{"https": fmt.Sprintf(":%d", c.Listen), "health": c.Health, "metrics": c.Metrics}[port.Name]
		if got := fmt.Sprintf(":%d", port.ContainerPort); got != want {
			t.Errorf("port %s is %s, the service listens on %s", port.Name, got, want)
		}
	}
	service := object[corev1.Service](t, filepath.Join("auth", "service.yaml"), "Service")
	if service.Name != c.Service || service.Namespace != c.Namespace {
		t.Errorf("Service %s, the certificate is for %s", service.Name, c.Service)
	}
}

func TestTheAuthServiceIsHardenedLikeTheWebhook(t *testing.T) {
	webhook, auth := base[appsv1.Deployment](t, "server/deployment.yaml", "Deployment").Spec, authDeployment(t).Spec
	for name, pair := range map[string][2]any{
		"pod security":       {webhook.Template.Spec.SecurityContext, auth.Template.Spec.SecurityContext},
		"container security": {webhook.Template.Spec.Containers[0].SecurityContext, auth.Template.Spec.Containers[0].SecurityContext},
		"replicas":           {new(int32(2)), auth.Replicas},
		"update":             {webhook.Strategy, auth.Strategy},
	} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			t.Errorf("%s: %+v, of the webhook %+v", name, pair[1], pair[0])
		}
	}
}

func TestEverySelectorSelectsThePodsOfTheAuthService(t *testing.T) {
	deployment := authDeployment(t)
	labels, name := deployment.Spec.Template.Labels, "app.kubernetes.io/name"
	for what, selector := range map[string]map[string]string{
		"Deployment":          deployment.Spec.Selector.MatchLabels,
		"Service":             object[corev1.Service](t, filepath.Join("auth", "service.yaml"), "Service").Spec.Selector,
		"PodDisruptionBudget": object[policyv1.PodDisruptionBudget](t, filepath.Join("auth", "poddisruptionbudget.yaml"), "PodDisruptionBudget").Spec.Selector.MatchLabels,
		"NetworkPolicy":       object[networkingv1.NetworkPolicy](t, filepath.Join("auth", "networkpolicy.yaml"), "NetworkPolicy").Spec.PodSelector.MatchLabels,
	} {
		if len(selector) != 1 || selector[name] != labels[name] {
			t.Errorf("%s selects %v", what, selector)
		}
	}
}

// The list is complete: the service has an AWS identity worth stealing, and must not give access to anything else.
func TestTheAuthServiceHasTheseRightsOnly(t *testing.T) {
	c := parseAuth(t)
	file := filepath.Join("auth", "rbac.yaml")
	var got []string
	for _, rule := range slices.Concat(object[rbacv1.ClusterRole](t, file, "ClusterRole").Rules, object[rbacv1.Role](t, file, "Role").Rules) {
		got = append(got, fmt.Sprint(rule.Resources, rule.ResourceNames, rule.Verbs))
	}
	want := []string{
		"[podidentityassociations] [] [list watch]",
		"[customresourcedefinitions] [podidentityassociations.podidentity.dev] [get]",
		"[serviceaccounts namespaces] [] [list watch]",
		"[pods] [] [get]",
		"[tokenreviews] [] [create]",
		"[secrets] [] [create]",
		"[secrets] [" + c.CASecret + "] [list watch update]",
		"[configmaps] [" + c.CAConfigMap + "] [list watch create patch]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
