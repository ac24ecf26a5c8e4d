package manifests_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

func policies(t *testing.T, built resmap.ResMap) []admissionregistrationv1.ValidatingAdmissionPolicy {
	t.Helper()
	return all[admissionregistrationv1.ValidatingAdmissionPolicy](t, built, "ValidatingAdmissionPolicy")
}

// variables are the different values that the policies give to a variable.
func variables(t *testing.T, built resmap.ResMap, name string) []string {
	t.Helper()
	var values []string
	for _, policy := range policies(t, built) {
		for _, variable := range policy.Spec.Variables {
			if variable.Name == name && !slices.Contains(values, variable.Expression) {
				values = append(values, variable.Expression)
			}
		}
	}
	return values
}

func TestInEachNamespaceThePoliciesAreForTheServiceAccountOfTheWebhook(t *testing.T) {
	for directory, namespace := range map[string]string{"base": contract.Namespace, certManager: contract.Namespace, "overlays/namespace": "aws-identity"} {
		t.Run(path.Base(directory), func(t *testing.T) {
			built := build(t, directory)
			for _, deployment := range all[appsv1.Deployment](t, built, "Deployment") {
				if deployment.Namespace != namespace {
					t.Errorf("Deployment %s is in namespace %s", deployment.Name, deployment.Namespace)
				}
				user := fmt.Sprintf("'system:serviceaccount:%s:%s'", namespace, deployment.Spec.Template.Spec.ServiceAccountName)
				if got := variables(t, built, "product"); !slices.Equal(got, []string{user}) {
					t.Errorf("the policies are for %v, Deployment %s runs as %s", got, deployment.Name, user)
				}
			}
			for _, binding := range all[rbacv1.ClusterRoleBinding](t, built, "ClusterRoleBinding") {
				for _, subject := range binding.Subjects {
					if user := fmt.Sprintf("'system:serviceaccount:%s:%s'", subject.Namespace, subject.Name); !slices.Contains(variables(t, built, "product"), user) {
						t.Errorf("ClusterRoleBinding %s is for %s, whom no policy bounds", binding.Name, user)
					}
				}
			}
			for _, configuration := range all[admissionregistrationv1.MutatingWebhookConfiguration](t, built, "MutatingWebhookConfiguration") {
				for _, webhook := range configuration.Webhooks {
					excludes := func(r metav1.LabelSelectorRequirement) bool {
						return r.Key == corev1.LabelMetadataName && slices.Equal(r.Values, inject.ExcludedNamespaces(namespace))
					}
					if webhook.ClientConfig.Service.Namespace != namespace || !slices.ContainsFunc(webhook.NamespaceSelector.MatchExpressions, excludes) {
						t.Errorf("%s is called in namespace %s, with the selector %v", webhook.Name, webhook.ClientConfig.Service.Namespace, webhook.NamespaceSelector)
					}
				}
			}
		})
	}
}

func TestThePoliciesReserveWhatTheProductWrites(t *testing.T) {
	built := build(t, "base")
	reserved := []string{contract.AnnotationIdentity, contract.AnnotationStatus, contract.AnnotationAuthCA}
	want := "['" + strings.Join(reserved, "', '") + "']"
	if got := variables(t, built, "annotations"); !slices.Equal(got, []string{want}) {
		t.Errorf("the policies reserve %v, the product writes %s", got, want)
	}
	for _, policy := range policies(t, built) {
		for _, validation := range policy.Spec.Validations {
			aboutMetadata := strings.Contains(validation.Expression, "variables.annotations")
			for _, name := range append(reserved, contract.LabelInjected) {
				if aboutMetadata && (!strings.Contains(validation.Message, name) || !strings.Contains(validation.Expression, "'"+contract.LabelInjected+"'")) {
					t.Errorf("%s does not speak of %s: %s", policy.Name, name, validation.Message)
				}
			}
			if !aboutMetadata && !strings.Contains(validation.Expression, "'"+contract.ContainerName+"'") && !strings.Contains(validation.Expression, "'"+contract.VolumeName+"'") {
				t.Errorf("%s is about something else: %s", policy.Name, validation.Expression)
			}
		}
	}
}

func TestEachPolicyIsEnforced(t *testing.T) {
	built := build(t, "base")
	bindings := all[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, built, "ValidatingAdmissionPolicyBinding")
	for _, policy := range policies(t, built) {
		enforced := func(b admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
			return b.Spec.PolicyName == policy.Name && slices.Equal(b.Spec.ValidationActions, []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny})
		}
		if !slices.ContainsFunc(bindings, enforced) || *policy.Spec.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s refuses nothing", policy.Name)
		}
	}
	if len(bindings) != len(policies(t, built)) {
		t.Errorf("%d bindings", len(bindings))
	}
}
