package reconciliation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// trouble edits the association of a running pod to a role that STS refuses, and back.
func trouble(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	name := f.association("reader")
	begin := time.Now()
	f.associateAccount(t, "reader", f.namespace, "reader", fmt.Sprintf("roleARN: %q", f.RefusedRoleARN))
	f.Do(t, "wait", `--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=NoNewCredentials`, "pia/"+name, "--timeout=4m")
	t.Logf("from kubectl to the association that says so: %s", time.Since(begin).Round(time.Second))
	f.awaitDescription(t, []string{"pia", name}, "Warning  NoNewCredentials",
		"1 of 1 pods get no new credentials; the sidecar of pod "+f.namespace+"/app says: STS refuses role "+f.RefusedRoleARN)
	metric := fmt.Sprintf(`podidentity_association_pods{association=%q,state="Refused"}`, name)
	f.awaitMetrics(t, "one replica counts the pod", func(all string) bool { return strings.Contains(all, metric+" 1") })
	if ready := f.inPod(t, readiness); ready != "True" {
		t.Errorf("the Ready condition of the pod is %q", ready)
	}
	f.list(t)

	begin = time.Now()
	f.associate(t, "reader", f.namespace)
	f.Do(t, "wait", "--for=condition=Ready", "pia/"+name, "--timeout=3m")
	t.Logf("from kubectl to the association that is ready again: %s", time.Since(begin).Round(time.Second))
	f.awaitDescription(t, []string{"pia", name}, "Normal   InEffect")
	f.awaitMetrics(t, "none counts it any more", func(all string) bool { return !strings.Contains(all, metric) })
}
