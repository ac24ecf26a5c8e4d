package trustpolicy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/trustpolicy"
)

const (
	issuerURL  = "https://oidc.example.com/green"
	issuerHost = "oidc.example.com/green"
	service    = "arn:aws:iam::111122223333:role/pod-identity-auth"
	clusterARN = "arn:aws:eks:eu-central-1:111122223333:cluster/green"
)

func webIdentity() trustpolicy.Trust {
	return trustpolicy.Trust{Source: contract.SourceWebIdentity, Issuer: issuerURL, Audience: contract.STSAudience}
}

func authService() trustpolicy.Trust {
	return trustpolicy.Trust{Source: contract.SourceEKSAuth, Principal: service, ClusterARN: clusterARN}
}

func role(account, name string) string { return "arn:aws:iam::" + account + ":role/" + name }

// randomAssociations name few roles and few names, which are alike, so that they meet.
func randomAssociations(random *rand.Rand) []v1alpha1.PodIdentityAssociation {
	of := func(all ...string) string { return all[random.IntN(len(all))] }
	var all []v1alpha1.PodIdentityAssociation
	for i := range 1 + random.IntN(5) {
		a := v1alpha1.PodIdentityAssociation{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("a", i)},
			Spec: v1alpha1.PodIdentityAssociationSpec{
				Namespace: of("team", "team-a", "team-*", "*-a", "*", "t*m"), ServiceAccount: of("app", "app.v2", "app*", "*", "*.v2", "a**p"),
				RoleARN: role("111122223333", of("one", "two")), DisableSessionTags: random.IntN(3) == 0,
			},
		}
		if random.IntN(3) == 0 {
			a.Spec.TargetRoleARN = role("444455556666", of("three", "four"))
			a.Spec.ExternalID = of("", "", "id-1", "id-2")
		}
		if random.IntN(3) == 0 {
			a.Spec.SourceIdentity = contract.SourceIdentityPodName
		}
		all = append(all, a)
	}
	return all
}

func accounts() []association.ServiceAccount {
	var all []association.ServiceAccount
	for _, namespace := range []string{"team", "team-a", "team-b", "tm", "x-a", "other", "Team", "team-a-b"} {
		for _, name := range []string{"app", "app.v2", "app-2", "ap", "other", "App", "x.v2"} {
			all = append(all, association.ServiceAccount{Namespace: namespace, Name: name})
		}
	}
	return all
}

func selects(a v1alpha1.PodIdentityAssociation, account association.ServiceAccount) bool {
	return association.Pattern(a.Spec.Namespace).Matches(account.Namespace) && association.Pattern(a.Spec.ServiceAccount).Matches(account.Name)
}

func TestAPolicyForWebIdentityAdmitsTheTokensOfItsServiceAccountsAndNoOther(t *testing.T) {
	for seed := range uint64(50) {
		all := randomAssociations(rand.New(rand.NewPCG(seed, 0)))
		for _, r := range mustRoles(t, webIdentity(), all) {
			policy := parse(t, r.Policy.String())
			for _, account := range accounts() {
				want := false
				for _, a := range all {
					want = want || a.Spec.RoleARN == r.ARN && selects(a, account)
				}
				assertTokens(t, policy, fmt.Sprint("seed ", seed, ": ", r.ARN), account, want)
			}
			assertNoOtherSubject(t, policy)
		}
	}
}

// assertTokens looks at the token of an account, and at the same of another issuer, audience and account of AWS.
func assertTokens(t *testing.T, policy document, name string, account association.ServiceAccount, want bool) {
	t.Helper()
	token := func(provider, audience string) request {
		return request{"Federated", provider, "sts:AssumeRoleWithWebIdentity", map[string]string{
			issuerHost + ":aud": audience, issuerHost + ":sub": "system:serviceaccount:" + account.Namespace + ":" + account.Name,
		}}
	}
	const provider = "arn:aws:iam::111122223333:oidc-provider/" + issuerHost
	if got := policy.admits(t, token(provider, contract.STSAudience)); got != want {
		t.Errorf("%s admits %v: %v, and should %v\n%v", name, account, got, want, policy)
	}
	for _, other := range []request{
		token(provider, "vault"), token(provider, strings.ToUpper(contract.STSAudience)), token(provider+"2", contract.STSAudience),
		token("arn:aws:iam::999999999999:oidc-provider/"+issuerHost, contract.STSAudience),
	} {
		if policy.admits(t, other) {
			t.Errorf("%s admits %+v\n%v", name, other, policy)
		}
	}
}

// assertNoOtherSubject: what is no service account is never admitted, whatever a * matches.
func assertNoOtherSubject(t *testing.T, policy document) {
	t.Helper()
	for _, subject := range []string{"system:node:team", "system:serviceaccount:team", "x:system:serviceaccount:team:app", "SYSTEM:serviceaccount:team:app", "system:serviceaccounts:team:app"} {
		if policy.admits(t, request{"Federated", "arn:aws:iam::111122223333:oidc-provider/" + issuerHost, "sts:AssumeRoleWithWebIdentity", map[string]string{
			issuerHost + ":aud": contract.STSAudience, issuerHost + ":sub": subject,
		}}) {
			t.Errorf("it admits the subject %s\n%v", subject, policy)
		}
	}
}

func mustRoles(t *testing.T, trust trustpolicy.Trust, all []v1alpha1.PodIdentityAssociation) []trustpolicy.Role {
	t.Helper()
	roles, err := trustpolicy.Roles(trust, all)
	if err != nil {
		t.Fatal(err)
	}
	if len(roles) == 0 {
		t.Fatal("no roles")
	}
	return roles
}

// tags are those of a session that the auth service asks for.
func tags(cluster string, account association.ServiceAccount) map[string]string {
	return map[string]string{
		"aws:RequestTag/eks-cluster-arn": cluster, "aws:RequestTag/eks-cluster-name": "green", "aws:RequestTag/kubernetes-namespace": account.Namespace,
		"aws:RequestTag/kubernetes-service-account": account.Name, "aws:RequestTag/kubernetes-pod-name": "p", "aws:RequestTag/kubernetes-pod-uid": "u",
	}
}

// identifiedBy is a request with these keys that sets a source identity.
func identifiedBy(pod string, keys map[string]string) map[string]string {
	keys[sourceIdentity] = pod
	return keys
}

func TestAPolicyForTheAuthServiceAdmitsTheSessionsOfItsAssociationsAndNoOther(t *testing.T) {
	for seed := range uint64(50) {
		all := randomAssociations(rand.New(rand.NewPCG(seed, 0)))
		for _, r := range mustRoles(t, authService(), all) {
			policy := parse(t, r.Policy.String())
			for _, account := range accounts() {
				tagged, untagged, identified := false, false, false
				for _, a := range all {
					if a.Spec.RoleARN == r.ARN {
						tagged = tagged || selects(a, account) && !a.Spec.DisableSessionTags
						untagged = untagged || a.Spec.DisableSessionTags // nothing in the request tells the pods apart
						identified = identified || a.Spec.SourceIdentity != ""
					}
				}
				for _, test := range []struct {
					what    string
					request request
					want    bool
				}{
					{"its tags", request{"AWS", service, "sts:AssumeRole", tags(clusterARN, account)}, tagged},
					{"its tags and a source identity", request{"AWS", service, "sts:AssumeRole", identifiedBy("p", tags(clusterARN, account))}, tagged && identified},
					{"no tags", request{"AWS", service, "sts:AssumeRole", nil}, untagged},
					{"the tags of another cluster", request{"AWS", service, "sts:AssumeRole", tags(clusterARN+"2", account)}, false},
					{"another principal", request{"AWS", service + "2", "sts:AssumeRole", tags(clusterARN, account)}, false},
				} {
					if got := policy.admits(t, test.request); got != test.want {
						t.Errorf("seed %d: %s admits %v with %s: %v, and should %v\n%s", seed, r.ARN, account, test.what, got, test.want, r.Policy)
					}
				}
			}
		}
	}
}
