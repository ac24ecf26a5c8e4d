package check

import (
	"testing"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

func TestARoleThatBoundsRefuseIsNamedForItsPod(t *testing.T) {
	f := healthy(t)
	unassociated(&f)
	f.identities.Index.SetBounds("shop", map[string]string{contract.AnnotationAllowedRoles: "arn:aws:iam::111122223333:role/shop-*"}, "namespace")
	f.identities.Index.SetAnnotations(serviceAccountOf(&f), map[string]string{contract.AnnotationRole: "arn:aws:iam::111122223333:role/admin"}, "account", association.AllAnnotations)
	var g golden
	g.add(t, "the namespace refuses the role that the service account chooses", podFindings(f))
	g.compare(t, "testdata/bounds.txt")
}
