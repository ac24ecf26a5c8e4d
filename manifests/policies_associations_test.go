package manifests_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

func names(policies []admissionregistrationv1.ValidatingAdmissionPolicy) (names []string) {
	for _, policy := range policies {
		names = append(names, policy.Name)
	}
	return names
}

func TestThePoliciesForAssociationsAreNotInTheBaseAndEachCanBeBoundAlone(t *testing.T) {
	components, err := filepath.Glob(filepath.Join("policies", "*"))
	if err != nil || len(components) == 0 {
		t.Fatal(components, err)
	}
	installed := names(policies(t, build(t, "base")))
	overlay := names(policies(t, build(t, "overlays/policies")))
	if len(overlay) != len(installed)+len(components) {
		t.Errorf("the base has %v, the overlay %v, and there are %v", installed, overlay, components)
	}
	for _, component := range components {
		file := filepath.Join(component, "policy.yaml")
		policy := object[admissionregistrationv1.ValidatingAdmissionPolicy](t, file, "ValidatingAdmissionPolicy")
		binding := object[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, file, "ValidatingAdmissionPolicyBinding")
		name := "pod-identity-" + path.Base(component)
		if policy.Name != name || binding.Name != name || slices.Contains(installed, name) || !slices.Contains(overlay, name) {
			t.Errorf("%s has policy %s and binding %s; the base has %v, the overlay %v", component, policy.Name, binding.Name, installed, overlay)
		}
		enforced := []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}
		if binding.Spec.PolicyName != name || !slices.Equal(binding.Spec.ValidationActions, enforced) || *policy.Spec.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s refuses nothing", name)
		}
		if (policy.Spec.ParamKind == nil) != (binding.Spec.ParamRef == nil) {
			t.Errorf("%s would have no parameter", name)
		}
		rules := policy.Spec.MatchConstraints.ResourceRules
		if len(rules) != 1 || !slices.Equal(rules[0].APIVersions, []string{v1alpha1.GroupVersion().Version}) || !slices.Equal(rules[0].Resources, []string{"podidentityassociations"}) {
			t.Errorf("%s is about %v: the product must be able to write statuses", name, rules)
		}
	}
}

func TestThePolicyReadsTheAnnotationThatTheProductReads(t *testing.T) {
	text, err := os.ReadFile("policies/allowed-roles/policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "params.metadata.?annotations[?'"+contract.AnnotationAllowedRoles+"']") {
		t.Errorf("the policy does not read the annotation %s", contract.AnnotationAllowedRoles)
	}
}
