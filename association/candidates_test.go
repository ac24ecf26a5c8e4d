package association_test

import (
	"slices"
	"testing"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

func TestCandidatesAreInOrderOfPrecedenceEachWithTheRuleByWhichItLoses(t *testing.T) {
	selecting := func(name, namespace, serviceAccount string, minutes int) *v1alpha1.PodIdentityAssociation {
		a := associate(name, "role-of-"+name, minutes)
		a.Spec.Namespace, a.Spec.ServiceAccount = namespace, serviceAccount
		return a
	}
	index := association.NewIndex()
	for _, a := range []*v1alpha1.PodIdentityAssociation{
		selecting("twin-b", account.Namespace, account.Name, 1),
		selecting("younger", account.Namespace, account.Name, 9),
		selecting("any-account", account.Namespace, "*", 0),
		selecting("any-namespace", "*", account.Name, 0),
		selecting("twin-a", account.Namespace, account.Name, 1),
		selecting("of-another", "another", account.Name, 0),
	} {
		if err := index.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	index.SetRole(account, "annotated")
	var got []string
	for _, candidate := range index.Candidates(account, "") {
		got = append(got, candidate.Identity.Association+" "+string(candidate.Loses))
	}
	want := []string{"twin-a ", "twin-b Name", "younger Age", "any-account ServiceAccount", "any-namespace Namespace", " Kind"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnAnnotationAloneIsTheFirstCandidate(t *testing.T) {
	index := association.NewIndex()
	if got := index.Candidates(account, ""); len(got) != 0 {
		t.Errorf("nothing gives an identity, got %v", got)
	}
	index.SetRole(account, "annotated")
	if got := index.Candidates(account, ""); len(got) != 1 || got[0].Identity.RoleARN != "annotated" || got[0].Loses != "" {
		t.Errorf("got %v", got)
	}
}
