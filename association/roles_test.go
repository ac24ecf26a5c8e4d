package association_test

import (
	"testing"

	"github.com/podidentity/podidentity/association"
)

func TestTheRoleOfAServiceAccountIsTheLastResort(t *testing.T) {
	index := association.NewIndex()
	role := func(want string) {
		t.Helper()
		identity, ok := index.Identity(account)
		if identity.RoleARN != want || ok != (want != "") {
			t.Errorf("got %q, %v; want %q", identity.RoleARN, ok, want)
		}
	}
	if !index.SetRole(account, "irsa") {
		t.Error("a new role is no change")
	}
	if index.SetRole(account, "irsa") {
		t.Error("the same role is a change")
	}
	role("irsa")
	everywhere := associate("everywhere", "everywhere", 1)
	everywhere.Spec.Namespace, everywhere.Spec.ServiceAccount = "*", "*"
	if err := index.Set(everywhere); err != nil {
		t.Fatal(err)
	}
	role(everywhere.Spec.RoleARN)
	index.Delete("everywhere")
	role("irsa")
	if !index.SetRole(account, "") {
		t.Error("the loss of a role is no change")
	}
	role("")
	if index.SetRole(account, "") {
		t.Error("no role, as before, is a change")
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
