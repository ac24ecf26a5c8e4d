package association_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
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

// annotated is the ServiceAccount of account with these annotations, in pairs.
func annotated(pairs ...string) *metav1.PartialObjectMetadata {
	a := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: account.Namespace, Name: account.Name, UID: types.UID("account"), Annotations: map[string]string{}},
	}
	for i := 0; i < len(pairs); i += 2 {
		a.Annotations[pairs[i]] = pairs[i+1]
	}
	return a
}

func TestTheIndexFollowsTheAnnotationsOfServiceAccounts(t *testing.T) {
	team := association.Pattern(account.Namespace)
	tooLong := "arn:aws:iam::111122223333:role/" + strings.Repeat("a", 2048)
	for name, test := range map[string]func(c *cluster){
		"another role is notified": func(c *cluster) {
			c.serviceAccounts.Modify(annotated(contract.AnnotationRoleARN, two))
			c.expect(two, team)
		},
		"another annotation is not": func(c *cluster) {
			c.serviceAccounts.Modify(annotated(contract.AnnotationRoleARN, one, "example.com/owner", "team"))
			c.expect(one)
		},
		"a removed annotation is notified": func(c *cluster) {
			c.serviceAccounts.Modify(annotated())
			c.expect("", team)
		},
		"a deletion is notified": func(c *cluster) {
			c.serviceAccounts.Delete(annotated())
			c.expect("", team)
		},
		"a deletion that the watch missed is notified after the next list": func(c *cluster) {
			c.serviceAccounts.DeleteDropWatch(annotated())
			c.expect(one)
			c.serviceAccounts.interrupt()
			c.expect("", team)
		},
		"an annotation that is too long gives no role, and the log names the ServiceAccount": func(c *cluster) {
			c.serviceAccounts.Modify(annotated(contract.AnnotationRoleARN, tooLong))
			c.expect("", team)
			entry := c.logged.LastEntry()
			if entry == nil || entry.Data["serviceAccount"] != account.Name || !strings.Contains(entry.Message, "has 2079 characters and is not used") {
				c.t.Errorf("logged is %v", entry)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(c *cluster) { c.serviceAccounts.Add(annotated(contract.AnnotationRoleARN, one)) }, func(c *cluster) {
				c.expect(one, team)
				test(c)
			})
		})
	}
}

func TestOfAServiceAccountTheCacheHoldsTheRoleAlone(t *testing.T) {
	account := annotated(contract.AnnotationRoleARN, one, "example.com/owner", "team")
	account.Labels = map[string]string{"app": "reader"}
	inCluster(t, func(c *cluster) { c.serviceAccounts.Add(account) }, func(c *cluster) {
		cached := annotated()
		if err := c.cache.Get(c.t.Context(), client.ObjectKeyFromObject(account), cached); err != nil {
			c.t.Fatal(err)
		}
		if len(cached.Annotations) != 1 || cached.Annotations[contract.AnnotationRoleARN] != one || len(cached.Labels) != 0 {
			c.t.Errorf("cached is %v", cached)
		}
	})
}

func TestACacheOfAnotherTypeIsRefused(t *testing.T) {
	for _, options := range association.Watched() {
		if _, err := options.Transform("text"); err == nil || err.Error() != "strip a PodIdentityAssociation: it is a string" {
			t.Errorf("associations: %v", err)
		}
	}
	for _, options := range association.WatchedRoles() {
		if _, err := options.Transform("text"); err == nil || !strings.HasSuffix(err.Error(), ": it is a string") {
			t.Errorf("service accounts and namespaces: %v", err)
		}
	}
}
