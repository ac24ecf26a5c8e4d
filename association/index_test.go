package association_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

var account = association.ServiceAccount{Namespace: "eks-s3-example", Name: "eks-s3-example-iam-role-sa"}

// associate is an association of account, created minutes after the epoch.
func associate(name, role string, minutes int) *v1alpha1.PodIdentityAssociation {
	return &v1alpha1.PodIdentityAssociation{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(60*minutes), 0))},
		Spec: v1alpha1.PodIdentityAssociationSpec{
			Namespace: account.Namespace, ServiceAccount: account.Name, RoleARN: "arn:aws:iam::111122223333:role/" + role,
		},
	}
}

func TestIndex(t *testing.T) {
	set := func(x *association.Index, associations ...*v1alpha1.PodIdentityAssociation) {
		for _, a := range associations {
			if err := x.Set(a); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		do   func(*association.Index)
		want string
	}{
		"an empty index gives no identity":          {do: func(*association.Index) {}},
		"an association gives its role":             {do: func(x *association.Index) { set(x, associate("a", "one", 1)) }, want: "one"},
		"an edited association gives the new role":  {do: func(x *association.Index) { set(x, associate("a", "one", 1), associate("a", "two", 1)) }, want: "two"},
		"a deleted association gives none":          {do: func(x *association.Index) { set(x, associate("a", "one", 1)); x.Delete("a") }},
		"deleting an unknown name changes nothing":  {do: func(x *association.Index) { set(x, associate("a", "one", 1)); x.Delete("b") }, want: "one"},
		"the older of two wins":                     {do: func(x *association.Index) { set(x, associate("a", "young", 2), associate("b", "old", 1)) }, want: "old"},
		"of two equally old the first by name wins": {do: func(x *association.Index) { set(x, associate("b", "second", 1), associate("a", "first", 1)) }, want: "first"},
		"with the older deleted the younger is used": {do: func(x *association.Index) {
			set(x, associate("a", "young", 2), associate("b", "old", 1))
			x.Delete("b")
		}, want: "young"},
	} {
		t.Run(name, func(t *testing.T) {
			index := association.NewIndex()
			test.do(index)
			identity, ok := index.Identity(account)
			if ok != (test.want != "") {
				t.Fatalf("found: %v", ok)
			}
			if ok && !strings.HasSuffix(identity.RoleARN, "/"+test.want) {
				t.Errorf("got %s, want role %s", identity.RoleARN, test.want)
			}
		})
	}
}

func TestAnAssociationBelongsToItsServiceAccountAlone(t *testing.T) {
	index := association.NewIndex()
	if err := index.Set(associate("a", "one", 1)); err != nil {
		t.Fatal(err)
	}
	for _, other := range []association.ServiceAccount{
		{Namespace: account.Namespace, Name: "default"},
		{Namespace: "default", Name: account.Name},
	} {
		if identity, ok := index.Identity(other); ok {
			t.Errorf("%v got %v", other, identity)
		}
	}
}

func TestEveryFieldOfTheSpecReachesTheIdentity(t *testing.T) {
	a := associate("reader", "reader", 1)
	a.Spec.TargetRoleARN = "arn:aws:iam::444455556666:role/target"
	a.Spec.ExternalID = "external"
	a.Spec.DisableSessionTags = true
	a.Spec.Policy = `{"Version":"2012-10-17"}`
	a.Spec.SessionDuration = "1h30m"
	a.Spec.Container = "agent-*"
	a.Spec.SourceIdentity = "PodName"
	a.Spec.TagLabels = []string{"tier", "shop.example.com/team"}
	index := association.NewIndex()
	if err := index.Set(a); err != nil {
		t.Fatal(err)
	}
	got, _ := index.Own(account, "agent-1")
	want := contract.Identity{
		Container: "agent-1", Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader",
		TargetRoleARN: "arn:aws:iam::444455556666:role/target", ExternalID: "external", DisableSessionTags: true,
		Policy: `{"Version":"2012-10-17"}`, SessionDuration: contract.Duration(90 * time.Minute),
		SourceIdentity: contract.SourceIdentityPodName, TagLabels: "shop.example.com/team,tier",
	}
	if got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	spec := reflect.ValueOf(a.Spec)
	for _, field := range reflect.VisibleFields(spec.Type()) {
		if spec.FieldByIndex(field.Index).IsZero() {
			t.Errorf("this test leaves %s out", field.Name)
		}
		if field.Name == "Namespace" || field.Name == "ServiceAccount" {
			continue // what it selects
		}
		if carried := reflect.ValueOf(got).FieldByName(field.Name); !carried.IsValid() || carried.IsZero() {
			t.Errorf("the identity lacks %s", field.Name)
		}
	}
}

func TestAnAssociationThatCannotBeReadGivesNothing(t *testing.T) {
	index := association.NewIndex()
	good := associate("a", "one", 1)
	if err := index.Set(good); err != nil {
		t.Fatal(err)
	}
	bad := associate("a", "one", 1)
	bad.Spec.SessionDuration = "soon"
	if err := index.Set(bad); err == nil || !strings.Contains(err.Error(), "sessionDuration of PodIdentityAssociation a") {
		t.Errorf("error %v does not name the field and the association", err)
	}
	if identity, ok := index.Identity(account); ok {
		t.Errorf("still gives %v", identity)
	}
}
