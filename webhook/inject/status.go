package inject

import (
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// separator separates a status from its notes; no Kubernetes name contains it.
const separator = "; "

// UpdatedStatus is the status of an injected pod whose identity has come or gone since its admission, or has come to have critical
// fields that are unknown to its sidecar. The notes of the admission stay true. Refused is as in Input.
func UpdatedStatus(status, namespace, serviceAccount string, associated bool, refused string, unknown []string) string {
	base, notes, noted := strings.Cut(status, separator)
	ours := strings.HasPrefix(base, contract.StatusInjected)
	switch base = contract.StatusInjected; {
	case !associated:
		base = unassociatedStatus(namespace, serviceAccount, refused)
	case len(unknown) > 0:
		base += fmt.Sprintf(": no credentials until the pod is created again, because its sidecar is too old to know %s", strings.Join(unknown, " and "))
	}
	if !noted || !ours {
		return base
	}
	return base + separator + notes
}

// unassociatedStatus is the status of an injected pod whose service account has no identity.
func unassociatedStatus(namespace, serviceAccount, refused string) string {
	if refused != "" {
		return contract.StatusInjected + ": no credentials, because " + refused
	}
	return fmt.Sprintf("%s: no credentials until a PodIdentityAssociation names service account %s/%s",
		contract.StatusInjected, namespace, serviceAccount)
}
