package trustpolicy

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// target are the statements of a role that is assumed with the credentials of another. That a session has tags takes the right to
// tag it, also where they are inherited (EKS user guide, "Access AWS resources using EKS Pod Identity target IAM roles").
func (t Trust) target(of []v1alpha1.PodIdentityAssociation) []Statement {
	from := map[string][]v1alpha1.PodIdentityAssociation{}
	for _, a := range of {
		from[a.Spec.RoleARN] = append(from[a.Spec.RoleARN], a)
	}
	var statements []Statement
	for _, role := range slices.Sorted(maps.Keys(from)) {
		principal := map[string]string{"AWS": role}
		tagged, untagged := byTags(from[role])
		if len(tagged) > 0 {
			statements = append(statements, t.taggedTarget(principal, tagged)...)
		}
		if len(untagged) > 0 {
			statements = append(statements, t.untaggedTarget(principal, untagged)...)
		}
		statements = append(statements, t.sourceIdentity(principal, from[role])...)
	}
	return statements
}

// taggedTarget tests the tags only where the auth service vouches for them: with web identity they are the pod's own word, and a condition on
// them would seem to bind.
func (t Trust) taggedTarget(principal map[string]string, of []v1alpha1.PodIdentityAssociation) []Statement {
	byExternalID := map[string][]v1alpha1.PodIdentityAssociation{}
	for _, a := range of {
		byExternalID[a.Spec.ExternalID] = append(byExternalID[a.Spec.ExternalID], a)
	}
	var statements []Statement
	for _, id := range slices.Sorted(maps.Keys(byExternalID)) {
		conditions := []condition{{}}
		if t.Source == contract.SourceEKSAuth {
			conditions = t.tagConditions(byExternalID[id])
		}
		for _, c := range conditions {
			if id == "" {
				statements = append(statements, Statement{Effect: "Allow", Principal: principal, Action: texts{assumeRole, tagSession}, Condition: c})
				continue
			}
			// sts:ExternalId is a key of the assumption, and none of the tagging (Service authorization reference, AWS STS).
			tagging := Statement{Effect: "Allow", Principal: principal, Action: texts{tagSession}, Condition: c.clone()}
			assuming := Statement{Effect: "Allow", Principal: principal, Action: texts{assumeRole}, Condition: c.require(externalIDKey, id)}
			statements = append(statements, assuming, tagging)
		}
	}
	return statements
}

const externalIDKey = "sts:ExternalId"

// untaggedTarget tests the external ID, where there is one.
func (t Trust) untaggedTarget(principal map[string]string, of []v1alpha1.PodIdentityAssociation) []Statement {
	var ids []string
	for _, a := range of {
		ids = append(ids, t.externalID(a))
	}
	if slices.Contains(ids, "") {
		return []Statement{{Effect: "Allow", Principal: principal, Action: texts{assumeRole}}}
	}
	var statements []Statement
	for _, kind := range byKind(ids) {
		statements = append(statements, Statement{Effect: "Allow", Principal: principal, Action: texts{assumeRole}, Condition: condition{}.require(externalIDKey, kind...)})
	}
	return statements
}

// externalID is what is sent without session tags: the association's own, or with the auth service the one that EKS sends.
func (t Trust) externalID(a v1alpha1.PodIdentityAssociation) string {
	if a.Spec.ExternalID != "" || t.Source != contract.SourceEKSAuth {
		return a.Spec.ExternalID
	}
	cluster, _ := arn.Parse(t.ClusterARN) // Validate has
	_, name, _ := strings.Cut(cluster.Resource, "/")
	return strings.Join([]string{cluster.Region, cluster.AccountID, name, a.Spec.Namespace, a.Spec.ServiceAccount}, "/")
}

func (c condition) clone() condition {
	all := condition{}
	for operator, keys := range c {
		all[operator] = maps.Clone(keys)
	}
	return all
}
