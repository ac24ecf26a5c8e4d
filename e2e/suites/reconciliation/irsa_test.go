package reconciliation_test

import (
	"fmt"
	"testing"
)

// comingFromIRSA proves that service accounts with the annotation of IRSA work by labelling their namespace, that an
// association takes precedence, and that both take effect on a running pod. A role that STS refuses is reported, and the pod goes on with
// the credentials of the one before.
func comingFromIRSA(t *testing.T, f fixture) {
	t.Parallel()
	f.Do(t, "annotate", "--namespace="+f.namespace, "serviceaccount/reader", "eks.amazonaws.com/role-arn="+f.RoleARN)
	f.start(t)
	f.list(t)
	f.associateAccount(t, "over-irsa", f.namespace, "reader", fmt.Sprintf("roleARN: %q", f.RefusedRoleARN))
	f.awaitTrouble(t, "STS refuses role "+f.RefusedRoleARN)
	f.list(t)
	if ready := f.inPod(t, readiness); ready != "True" {
		t.Errorf("the Ready condition of the pod is %q", ready)
	}
	f.dissociate(t, "over-irsa")
	f.awaitTrouble(t, "")
	f.list(t)
	f.Do(t, "annotate", "--namespace="+f.namespace, "serviceaccount/reader", "eks.amazonaws.com/role-arn-")
	f.until(t, "403", func() {})
}
