package association_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// namespaceWith is the namespace of account with these annotations, in pairs.
func namespaceWith(pairs ...string) *metav1.PartialObjectMetadata {
	n := annotated(pairs...)
	n.Kind, n.Namespace, n.Name, n.UID = "Namespace", "", account.Namespace, "namespace"
	return n
}

func TestTheIndexFollowsTheBoundsOfNamespaces(t *testing.T) {
	team := association.Pattern(account.Namespace)
	for name, test := range map[string]func(c *cluster){
		"narrower bounds take the role away": func(c *cluster) {
			c.namespaces.Modify(namespaceWith(contract.AnnotationAllowedRoles, two))
			c.expect("", team)
		},
		"wider bounds give it back": func(c *cluster) {
			c.namespaces.Modify(namespaceWith(contract.AnnotationAllowedRoles, ""))
			c.expect("", team)
			c.namespaces.Modify(namespaceWith(contract.AnnotationAllowedRoles, one+" "+two))
			c.expect(one, team)
		},
		"another annotation of the namespace is not notified": func(c *cluster) {
			c.namespaces.Modify(namespaceWith(contract.AnnotationAllowedRoles, one, "example.com/owner", "team"))
			c.expect(one)
		},
		"without bounds no annotation counts": func(c *cluster) {
			c.namespaces.Modify(namespaceWith())
			c.expect("", team)
		},
		"a deletion that the watch missed ends the bounds after the next list": func(c *cluster) {
			c.namespaces.DeleteDropWatch(namespaceWith())
			c.namespaces.interrupt()
			c.expect("", team)
		},
		"another choice is notified": func(c *cluster) {
			c.serviceAccounts.Modify(annotated(contract.AnnotationRole, two))
			c.expect("", team)
		},
		"a deleted account chooses nothing": func(c *cluster) {
			c.serviceAccounts.Delete(annotated())
			c.expect("", team)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inCluster(t, func(c *cluster) {
				c.counted = association.BoundedAnnotations
				c.serviceAccounts.Add(annotated(contract.AnnotationRole, one))
				c.namespaces.Add(namespaceWith(contract.AnnotationAllowedRoles, one))
			}, func(c *cluster) {
				c.expect(one, team, team)
				test(c)
			})
		})
	}
}
