package reconciliation_test

import (
	"fmt"
	"testing"
)

// comingFromIRSA proves that service accounts with the annotation of IRSA work by labelling their namespace, that an
// association takes precedence, and that both take effect on a running pod.
func comingFromIRSA(t *testing.T, f fixture) {
	t.Parallel()
	f.Do(t, "annotate", "--namespace="+f.namespace, "serviceaccount/reader", "eks.amazonaws.com/role-arn="+f.RoleARN)
	f.start(t)
	f.list(t, "app")
	f.associateAccount(t, "over-irsa", f.namespace, "reader", fmt.Sprintf("roleARN: %q", f.RefusedRoleARN))
	f.until(t, "403", func() {})
	f.dissociate(t, "over-irsa")
	f.until(t, "200", func() {})
	f.Do(t, "annotate", "--namespace="+f.namespace, "serviceaccount/reader", "eks.amazonaws.com/role-arn-")
	f.until(t, "403", func() {})
}
