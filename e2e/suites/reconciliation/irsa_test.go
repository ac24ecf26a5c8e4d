package reconciliation_test

import (
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// comingFromIRSA holds that service accounts with the annotation of IRSA work by labelling their namespace, that an
// association takes precedence, and that both take effect on a running pod.
func comingFromIRSA(t *testing.T, p *platform.Platform) {
	const account = "serviceaccount/irsa"
	p.Do(t, "create", "--namespace="+namespace, "serviceaccount", "irsa")
	p.Do(t, "annotate", "--namespace="+namespace, account, "eks.amazonaws.com/role-arn="+p.MinIO.RoleARN)
	run(t, p, "irsa", "irsa")
	p.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/irsa", "--timeout=2m")
	list(t, p, "irsa")
	associateAccount(t, p, "over-irsa", namespace, "irsa", "arn:minio:iam:::role/does-not-exist")
	until(t, p, "irsa", "403", func() {})
	p.Do(t, "delete", "pia", "over-irsa")
	until(t, p, "irsa", "200", func() {})
	p.Do(t, "annotate", "--namespace="+namespace, account, "eks.amazonaws.com/role-arn-")
	until(t, p, "irsa", "403", func() {})
}
