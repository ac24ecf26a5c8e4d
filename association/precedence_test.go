package association_test

import (
	"testing"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

func TestPrecedence(t *testing.T) {
	selecting := func(a *v1alpha1.PodIdentityAssociation, namespace, serviceAccount string) *v1alpha1.PodIdentityAssociation {
		a.Spec.Namespace, a.Spec.ServiceAccount = namespace, serviceAccount
		return a
	}
	for name, test := range map[string]struct {
		winner, loser *v1alpha1.PodIdentityAssociation
	}{
		"exact beats a pattern, however young it is": {
			associate("a", "winner", 9), selecting(associate("b", "loser", 1), account.Namespace, "eks-*"),
		},
		"an exact namespace beats an exact service account": {
			selecting(associate("a", "winner", 9), account.Namespace, "*"), selecting(associate("b", "loser", 1), "*", account.Name),
		},
		"the longer literal prefix of the namespace beats the shorter": {
			selecting(associate("a", "winner", 9), "eks-s3-*", "*"), selecting(associate("b", "loser", 1), "eks-*", "eks-s3-example-iam-role-s*"),
		},
		"the longer literal prefix of the service account beats the shorter": {
			selecting(associate("a", "winner", 9), "*", "eks-s3-*"), selecting(associate("b", "loser", 1), "*", "eks-*"),
		},
		"of two patterns as close the older wins": {
			selecting(associate("b", "winner", 1), "eks-*", "*"), selecting(associate("a", "loser", 9), "eks-*", "*"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, order := range [][]*v1alpha1.PodIdentityAssociation{{test.winner, test.loser}, {test.loser, test.winner}} {
				index := association.NewIndex()
				for _, a := range order {
					if err := index.Set(a); err != nil {
						t.Fatal(err)
					}
				}
				if identity, _ := index.Identity(account); identity.Association != test.winner.Name {
					t.Errorf("%s won", identity.Association)
				}
				index.Delete(test.winner.Name)
				if identity, _ := index.Identity(account); identity.Association != test.loser.Name {
					t.Errorf("after the winner was deleted, %q won", identity.Association)
				}
			}
		})
	}
}

func TestPrecedenceForAContainer(t *testing.T) {
	selecting := func(name, namespace, container string, minutes int) *v1alpha1.PodIdentityAssociation {
		a := associate(name, "role-of-"+name, minutes)
		a.Spec.Namespace, a.Spec.Container = namespace, container
		return a
	}
	for name, test := range map[string]struct {
		winner, loser *v1alpha1.PodIdentityAssociation
	}{
		"an association for the container beats one for the pod, however specific that is": {selecting("b", "*", "*", 9), selecting("a", account.Namespace, "", 1)},
		"an exact container beats a pattern":                                               {selecting("b", account.Namespace, "agent", 9), selecting("a", account.Namespace, "agen*", 1)},
		"the more specific namespace beats the more specific container":                    {selecting("b", account.Namespace, "*", 9), selecting("a", "eks-*", "agent", 1)},
		"of two for the same container the older wins":                                     {selecting("b", account.Namespace, "agent", 1), selecting("a", account.Namespace, "agent", 9)},
	} {
		t.Run(name, func(t *testing.T) {
			index := association.NewIndex()
			for _, a := range []*v1alpha1.PodIdentityAssociation{test.loser, test.winner} {
				if err := index.Set(a); err != nil {
					t.Fatal(err)
				}
			}
			if got := index.Candidates(account, "agent"); len(got) != 2 || got[0].Identity.Association != test.winner.Name || got[1].Loses == "" {
				t.Errorf("got %v", got)
			}
			if _, ok := index.Identity(account); ok != (test.loser.Spec.Container == "") {
				t.Error("the pod has an identity of a container")
			}
			same := test.winner.Spec.Namespace == test.loser.Spec.Namespace && test.winner.Spec.Container == test.loser.Spec.Container
			if got := index.Winner(test.loser.Name); (got == test.winner.Name) != same {
				t.Errorf("over the loser always wins %q", got)
			}
		})
	}
}

func TestWhoAlwaysWinsIsNamed(t *testing.T) {
	index := association.NewIndex()
	pattern := associate("pattern", "pattern", 1)
	pattern.Spec.Namespace = "*"
	twin := associate("twin", "twin", 2)
	twin.Spec.Namespace = "**"
	for _, a := range []*struct {
		name    string
		minutes int
	}{{"young", 9}, {"old", 1}, {"middle", 5}} {
		if err := index.Set(associate(a.name, "role", a.minutes)); err != nil {
			t.Fatal(err)
		}
	}
	if err := index.Set(pattern); err != nil {
		t.Fatal(err)
	}
	if err := index.Set(twin); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"old": "", "young": "old", "middle": "old", "unknown": "",
		// A closer one wins for some accounts, not always.
		"pattern": "", "twin": "pattern",
	} {
		if got := index.Winner(name); got != want {
			t.Errorf("over %s wins %q, want %q", name, got, want)
		}
	}
	index.Delete("old")
	if got := index.Winner("young"); got != "middle" {
		t.Errorf("over young wins %q", got)
	}
}
