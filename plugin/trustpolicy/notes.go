package trustpolicy

import (
	"fmt"
	"slices"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// Notes say, a sentence each, what the policies do not do, where the chosen are among the associations that were found.
func Notes(trust Trust, roles []Role, chosen []v1alpha1.PodIdentityAssociation, found Found) []string {
	var notes []string
	for _, a := range found.Associations {
		if slices.ContainsFunc(chosen, func(c v1alpha1.PodIdentityAssociation) bool { return c.Name == a.Name }) {
			continue
		}
		for _, role := range roles {
			if role.ARN == a.Spec.RoleARN || role.ARN == a.Spec.TargetRoleARN {
				notes = append(notes, fmt.Sprintf("the policy of %s does not admit PodIdentityAssociation %s, which names the role too: give both names where it should", role.ARN, a.Name))
			}
		}
	}
	notes = slices.Concat(notes, annotationNotes(roles, found.Annotated), precedenceNotes(chosen, found.Associations))
	if found.Annotated == nil {
		notes = append(notes, "service accounts that have one of these roles by an annotation are not known here, and not admitted: without -f they are named")
	}
	for _, a := range chosen {
		notes = append(notes, associationNotes(trust, a)...)
	}
	for _, role := range roles {
		if length := role.Policy.Length(); length > DefaultQuota {
			notes = append(notes, fmt.Sprintf("the policy of %s has %d characters, and IAM takes %d unless the quota of the account was raised: use * in an association, or a role for each", role.ARN, length, DefaultQuota))
		}
	}
	return notes
}

func associationNotes(trust Trust, a v1alpha1.PodIdentityAssociation) []string {
	var notes []string
	if trust.Source == contract.SourceEKSAuth && a.Spec.DisableSessionTags {
		notes = append(notes, fmt.Sprintf("PodIdentityAssociation %s sends no session tags, so %s admits the auth service for any pod: what binds is who may write associations", a.Name, a.Spec.RoleARN))
	}
	if trust.Source == contract.SourceWebIdentity && a.Spec.TargetRoleARN != "" {
		notes = append(notes, fmt.Sprintf("%s admits whoever has %s, because session tags and external ID are the pod's own word: what binds PodIdentityAssociation %s is the policy of the first", a.Spec.TargetRoleARN, a.Spec.RoleARN, a.Name))
	}
	if asks := a.Spec.SourceIdentity != "" || len(a.Spec.TagLabels) > 0; asks && (trust.isAmazons() || trust.Source == contract.SourceWebIdentity && a.Spec.TargetRoleARN == "") {
		notes = append(notes, fmt.Sprintf("nothing sends sourceIdentity and tagLabels of PodIdentityAssociation %s: the condition SessionVerified says why", a.Name))
	}
	return notes
}
