package check

import (
	"fmt"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// policies are the names of our ValidatingAdmissionPolicies, and of their bindings. A test compares them with the manifests.
func policies() []string {
	return []string{"pod-identity-metadata", "pod-identity-sidecar", "pod-identity-webhook"}
}

// policyFindings are about what keeps others from forging what the product writes into pods.
func policyFindings(found map[string]*admissionregistrationv1.ValidatingAdmissionPolicy, bindings map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding, namespace string) []Finding {
	const check = "policies"
	var all []Finding
	for _, name := range policies() {
		policy, binding := found[name], bindings[name]
		switch {
		case policy == nil:
			all = append(all, wrong(check, applyAgain, "ValidatingAdmissionPolicy %s is not there: whoever may patch pods can forge what the product writes", name))
		case binding == nil:
			all = append(all, wrong(check, applyAgain, "ValidatingAdmissionPolicyBinding %s is not there: whoever may patch pods can forge what the product writes", name))
		case !slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny):
			all = append(all, wrong(check, applyAgain, "ValidatingAdmissionPolicyBinding %s denies nothing", name))
		case !namesUs(policy, namespace):
			all = append(all, wrong(check, "set the variable product as manifests/overlays/namespace does", "ValidatingAdmissionPolicy %s does not name the service account of namespace %s: it refuses the product's own changes", name, namespace))
		}
	}
	return settled(all, ok(check, "what the product writes into pods is reserved for it"))
}

func namesUs(policy *admissionregistrationv1.ValidatingAdmissionPolicy, namespace string) bool {
	for _, variable := range policy.Spec.Variables {
		if variable.Name == "product" {
			return strings.Contains(variable.Expression, fmt.Sprintf("system:serviceaccount:%s:pod-identity-webhook", namespace))
		}
	}
	return true
}
