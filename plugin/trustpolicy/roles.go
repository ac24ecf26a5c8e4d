package trustpolicy

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// Role is an IAM role and the trust policy that it needs.
type Role struct {
	ARN    string
	Policy Policy
}

// Roles are the roles that the associations name, those that are targets of others too, sorted by ARN. Each trusts exactly what these
// associations need. The error names every association that cannot be used.
func Roles(trust Trust, associations []v1alpha1.PodIdentityAssociation) ([]Role, error) {
	first, targets := map[string][]v1alpha1.PodIdentityAssociation{}, map[string][]v1alpha1.PodIdentityAssociation{}
	var errs []error
	for _, a := range associations {
		if err := errors.Join(association.Check(&a), checkSelector(a), checkRoles(a)); err != nil {
			errs = append(errs, err)
			continue
		}
		first[a.Spec.RoleARN] = append(first[a.Spec.RoleARN], a)
		if a.Spec.TargetRoleARN != "" {
			targets[a.Spec.TargetRoleARN] = append(targets[a.Spec.TargetRoleARN], a)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	statements := map[string][]Statement{}
	for role, of := range first {
		statements[role] = trust.first(role, of)
	}
	for role, of := range targets {
		statements[role] = append(statements[role], trust.target(of)...)
	}
	var roles []Role
	for _, role := range slices.Sorted(maps.Keys(statements)) {
		roles = append(roles, Role{ARN: role, Policy: Policy{Version: policyVersion, Statement: statements[role]}})
	}
	return roles, nil
}

// inNames are the characters of names of namespaces and service accounts, and the * of associations.
const inNames = "abcdefghijklmnopqrstuvwxyz0123456789-.*"

// checkSelector is for associations that no API server has checked: IAM gives a meaning to ? and ${ where Kubernetes has a mistake.
func checkSelector(a v1alpha1.PodIdentityAssociation) error {
	var errs []error
	for field, value := range map[string]string{"namespace": a.Spec.Namespace, "serviceAccount": a.Spec.ServiceAccount} {
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune(inNames, r) }) {
			errs = append(errs, fmt.Errorf("PodIdentityAssociation %s has the %s %q, which is no name of Kubernetes with * for any characters: correct it", a.Name, field, value))
		}
	}
	return errors.Join(errs...)
}

func checkRoles(a v1alpha1.PodIdentityAssociation) error {
	var errs []error
	for _, role := range []string{a.Spec.RoleARN, a.Spec.TargetRoleARN} {
		parsed, err := arn.Parse(role)
		if role != "" && (err != nil || parsed.AccountID == "" || !association.IsRoleARN(role)) {
			errs = append(errs, fmt.Errorf("PodIdentityAssociation %s names the role %q, which is not the ARN of a role with its account: correct it", a.Name, role))
		}
	}
	return errors.Join(errs...)
}

// first are the statements of a role that pods, or the auth service for them, assume with a token.
func (t Trust) first(role string, of []v1alpha1.PodIdentityAssociation) []Statement {
	if t.Source == contract.SourceEKSAuth {
		return t.service(of)
	}
	return t.webIdentity(role, of)
}

// webIdentity tests the subject of the token, which names the service account. A * cannot match across its colons: neither a namespace
// nor a service account has one, so that a subject has three, as the pattern has.
func (t Trust) webIdentity(role string, of []v1alpha1.PodIdentityAssociation) []Statement {
	parsed, _ := arn.Parse(role) // checkRoles has
	provider := arn.ARN{Partition: parsed.Partition, Service: "iam", AccountID: parsed.AccountID, Resource: "oidc-provider/" + t.issuerHost()}
	var subjects []string
	for _, a := range of {
		subjects = append(subjects, subject(a.Spec.Namespace, a.Spec.ServiceAccount))
	}
	var statements []Statement
	for _, kind := range byKind(subjects) {
		statements = append(statements, Statement{
			Effect: "Allow", Principal: map[string]string{"Federated": provider.String()}, Action: texts{assumeRoleWithWebIdentity},
			Condition: condition{}.require(t.issuerHost()+":aud", t.Audience).require(t.issuerHost()+":sub", kind...),
		})
	}
	return statements
}

// subject is the one of a service account token (Kubernetes, "Managing service accounts").
func subject(namespace, serviceAccount string) string {
	return strings.Join([]string{"system", "serviceaccount", namespace, serviceAccount}, ":")
}

// service tests the session tags, which the auth service sets by the API server's word. Without session tags, nothing in the request tells
// the pods apart: the service may then assume the role for any pod that an association names, and without tags for no other.
func (t Trust) service(of []v1alpha1.PodIdentityAssociation) []Statement {
	var statements []Statement
	tagged, untagged := byTags(of)
	for _, c := range t.tagConditions(tagged) {
		statements = append(statements, Statement{Effect: "Allow", Principal: t.principal(), Action: texts{assumeRole, tagSession}, Condition: c})
	}
	if len(untagged) > 0 {
		statements = append(statements, Statement{Effect: "Allow", Principal: t.principal(), Action: texts{assumeRole}})
	}
	return append(statements, t.sourceIdentity(t.principal(), of)...)
}

// sourceIdentity allows the principal to set a source identity, if one of the associations has it, or to pass on the one that a session has
// already. It is a statement of its own: session tags and external ID are no keys of this action (Service authorization reference, AWS STS).
// By itself it gives no role to anybody.
func (t Trust) sourceIdentity(principal map[string]string, of []v1alpha1.PodIdentityAssociation) []Statement {
	has := func(a v1alpha1.PodIdentityAssociation) bool { return a.Spec.SourceIdentity != "" }
	if t.isAmazons() || !slices.ContainsFunc(of, has) {
		return nil
	}
	return []Statement{{Effect: "Allow", Principal: principal, Action: texts{setSourceIdentity}}}
}

func byTags(all []v1alpha1.PodIdentityAssociation) (tagged, untagged []v1alpha1.PodIdentityAssociation) {
	for _, a := range all {
		if a.Spec.DisableSessionTags {
			untagged = append(untagged, a)
		} else {
			tagged = append(tagged, a)
		}
	}
	return tagged, untagged
}

// tagConditions are one condition for each namespace and kind of name: a condition with two namespaces would admit the service accounts
// of the one in the other.
func (t Trust) tagConditions(of []v1alpha1.PodIdentityAssociation) []condition {
	accounts := map[string][]string{}
	for _, a := range of {
		accounts[a.Spec.Namespace] = append(accounts[a.Spec.Namespace], a.Spec.ServiceAccount)
	}
	var conditions []condition
	for _, namespace := range slices.Sorted(maps.Keys(accounts)) {
		for _, kind := range byKind(accounts[namespace]) {
			conditions = append(conditions, condition{}.
				require(requestTag(contract.TagClusterARN), t.ClusterARN).
				require(requestTag(contract.TagNamespace), namespace).
				require(requestTag(contract.TagServiceAccount), kind...))
		}
	}
	return conditions
}

func requestTag(key string) string { return "aws:RequestTag/" + key }
