package inject

import (
	"strings"

	"github.com/podidentity/podidentity/contract"
)

// separator stands between what a status says of the pod and the notes that follow; no name has it.
const separator = "; "

// Restate is the status of an injected pod whose identity has come or gone since its admission. The notes of then stay
// true.
func Restate(status, namespace, serviceAccount string, associated bool) string {
	base, notes, noted := strings.Cut(status, separator)
	ours := strings.HasPrefix(base, contract.StatusInjected)
	base = contract.StatusInjected
	if !associated {
		base = unassociated(namespace, serviceAccount)
	}
	if !noted || !ours {
		return base
	}
	return base + separator + notes
}
