package trustpolicy_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

// second is how the target role is asked for: by the role of the first hop, with the inherited tags and the external ID of an association
// of that account, as auth/sessions and sidecar/credentials/webidentity do.
func second(trust trustpolicy.Trust, a v1alpha1.PodIdentityAssociation, account association.ServiceAccount) request {
	r := request{"AWS", a.Spec.RoleARN, "sts:AssumeRole", map[string]string{}}
	id := a.Spec.ExternalID
	if !a.Spec.DisableSessionTags {
		maps.Copy(r.keys, tags(clusterARN, account))
	} else if id == "" && trust.Source == contract.SourceEKSAuth {
		id = "eu-central-1/111122223333/green/" + account.Namespace + "/" + account.Name
	}
	if id != "" {
		r.keys["sts:ExternalId"] = id
	}
	if a.Spec.SourceIdentity != "" {
		r.keys = identifiedBy("p", r.keys)
	}
	return r
}

func TestAPolicyOfATargetRoleAdmitsEachAssociationThatNamesIt(t *testing.T) {
	for seed := range uint64(50) {
		all := randomAssociations(rand.New(rand.NewPCG(seed, 1)))
		for _, trust := range []trustpolicy.Trust{webIdentity(), authService()} {
			for _, r := range mustRoles(t, trust, all) {
				policy := parse(t, r.Policy.String())
				for _, a := range all {
					for _, account := range accounts() {
						if a.Spec.TargetRoleARN == r.ARN && selects(a, account) && !policy.admits(t, second(trust, a, account)) {
							t.Errorf("seed %d: %s refuses %v by %+v\n%s", seed, r.ARN, account, a.Spec, r.Policy)
						}
					}
				}
			}
		}
	}
}

func TestAPolicyOfATargetRoleRefusesItsNeighbours(t *testing.T) {
	own := association.ServiceAccount{Namespace: "team", Name: "app"}
	neighbour := association.ServiceAccount{Namespace: "team", Name: "other"}
	tagged := v1alpha1.PodIdentityAssociationSpec{Namespace: own.Namespace, ServiceAccount: own.Name, RoleARN: role("111122223333", "one"), TargetRoleARN: role("444455556666", "three")}
	untagged, named := tagged, tagged
	named.SourceIdentity = contract.SourceIdentityPodName
	untagged.DisableSessionTags, named.ExternalID = true, "id-1"
	for name, test := range map[string]struct {
		trust trustpolicy.Trust
		spec  v1alpha1.PodIdentityAssociationSpec
		spoil func(*request)
	}{
		"another service account, by its tags":                    {authService(), tagged, func(r *request) { r.keys["aws:RequestTag/kubernetes-service-account"] = neighbour.Name }},
		"another namespace, by its tags":                          {authService(), tagged, func(r *request) { r.keys["aws:RequestTag/kubernetes-namespace"] = "other" }},
		"another cluster, by its tags":                            {authService(), tagged, func(r *request) { r.keys["aws:RequestTag/eks-cluster-arn"] = "other" }},
		"a session without tags":                                  {authService(), tagged, func(r *request) { clear(r.keys) }},
		"another service account, by its external ID":             {authService(), untagged, func(r *request) { r.keys["sts:ExternalId"] += "2" }},
		"a session with tags, where none are sent":                {authService(), untagged, func(r *request) { maps.Copy(r.keys, tags(clusterARN, own)) }},
		"a source identity, where none is sent":                   {authService(), tagged, func(r *request) { r.keys[sourceIdentity] = "p" }},
		"another role, by the principal":                          {webIdentity(), tagged, func(r *request) { r.principal += "2" }},
		"another external ID":                                     {webIdentity(), named, func(r *request) { r.keys["sts:ExternalId"] = "id-2" }},
		"a session without external ID":                           {webIdentity(), named, func(r *request) { delete(r.keys, "sts:ExternalId") }},
		"a session with tags and the external ID of another role": {authService(), named, func(r *request) { r.keys["sts:ExternalId"] = "id-2" }},
	} {
		t.Run(name, func(t *testing.T) {
			a := v1alpha1.PodIdentityAssociation{Spec: test.spec}
			a.Name = "a"
			for _, r := range mustRoles(t, test.trust, []v1alpha1.PodIdentityAssociation{a}) {
				if r.ARN != a.Spec.TargetRoleARN {
					continue
				}
				asked := second(test.trust, a, own)
				if !parse(t, r.Policy.String()).admits(t, asked) {
					t.Errorf("refuses its own\n%s", r.Policy)
				}
				test.spoil(&asked)
				if parse(t, r.Policy.String()).admits(t, asked) {
					t.Errorf("admits it\n%s", r.Policy)
				}
			}
		})
	}
}
