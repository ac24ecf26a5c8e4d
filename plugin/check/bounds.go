package check

import (
	"github.com/podidentity/podidentity/association"
)

// boundsFindings are about the roles that service accounts name and their namespaces do not allow. There are none where no namespace has bounds.
func boundsFindings(index *association.Index) []Finding {
	const check, document = "bounds", "docs/reference.md#bounds-of-a-namespace"
	bounded := index.AllBounded()
	if len(bounded) == 0 {
		return nil
	}
	var all []Finding
	for _, namespace := range bounded {
		for _, refused := range index.RefusedIn(namespace) {
			if refused.Account.Name == "" {
				all = append(all, wrong(check, "kubectl edit namespace "+namespace+": "+document, "namespace %s: %s", namespace, refused.Reason))
				continue
			}
			all = append(all, wrong(check, "kubectl edit serviceaccount --namespace "+namespace+" "+refused.Account.Name+", or let the owner of the namespace allow the role: "+document, "%s", refused.Reason))
		}
	}
	if len(all) > maxListed {
		rest := len(all) - maxListed
		all = append(all[:maxListed], wrong(check, "kubectl pod-identity who", "%d more roles are refused", rest))
	}
	return settled(all, ok(check, "%d namespaces have bounds, and refuse no role", len(bounded)))
}
