package reconciliation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// statuses holds what `kubectl get pia` and `kubectl describe pia` tell. It finds the association reader of the pod early.
func statuses(t *testing.T, p *platform.Platform) {
	t.Run("kubectl get pia shows whom it is for, its role, that it is ready, and its pods", func(t *testing.T) {
		p.Do(t, "wait", "--for=jsonpath={.status.pods}=1", "pia/reader", "--timeout=30s")
		p.Do(t, "wait", "--for=condition=Ready", "pia/reader", "--timeout=30s")
		lines := strings.Split(strings.TrimSpace(p.Do(t, "get", "pia", "reader")), "\n")
		want := "NAME NAMESPACE SERVICEACCOUNT ROLE READY PODS AGE\nreader live reader " + p.MinIO.RoleARN + " True 1"
		got := strings.Join(strings.Fields(lines[0]), " ") + "\n" + strings.Join(strings.Fields(lines[1])[:6], " ")
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("of two that select the same, the younger says who wins, and takes over when the older goes", func(t *testing.T) {
		associate(t, p, "second", namespace)
		p.Do(t, "wait", "--for=condition=Conflicted", "pia/second", "--timeout=30s")
		p.Do(t, "wait", "--for=condition=Ready=false", "pia/second", "--timeout=30s")
		awaitDescription(t, p, []string{"pia", "second"}, "PodIdentityAssociation reader takes precedence", "Warning  Conflicted", "reader selects the same pods and is older, so it is used: delete one of the two")
		p.Do(t, "delete", "pia", "reader")
		awaitAssociation(t, p, "second")
		p.Do(t, "wait", "--for=condition=Conflicted=false", "pia/second", "--timeout=30s")
		awaitDescription(t, p, []string{"pia", "second"}, "Normal   InEffect")
		associate(t, p, "reader", namespace)
		p.Do(t, "delete", "pia", "second")
	})
	t.Run("a policy that no rule of a CRD can read is found, and named", func(t *testing.T) {
		p.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: garbled}\n"+
			"spec: {namespace: %s, serviceAccount: nobody, roleARN: %q, policy: '{\"Version\"}', disableSessionTags: true}", namespace, p.MinIO.RoleARN), "apply", "-f", "-")
		awaitDescription(t, p, []string{"pia", "garbled"}, "Warning  Unusable", "spec.policy of PodIdentityAssociation garbled is not a JSON object")
	})
}

// refused holds that an association tells of pods that STS refuses. It was made, with its pod, when the test began, because
// a pod is given a minute.
func refused(t *testing.T, p *platform.Platform) {
	p.Do(t, "wait", "--for=condition=Ready=false", "pia/refused", "--timeout=2m")
	awaitDescription(t, p, []string{"pia", "refused"}, "Warning  NoCredentials",
		"1 of 1 pods got no credentials for over 1m0s: `kubectl describe pod --namespace live refused` shows the reason")
	awaitDescription(t, p, []string{"pod", "--namespace=" + namespace, "refused"}, "STS refuses role arn:minio:iam:::role/does-not-exist")
}

// awaitDescription waits until kubectl describe says all of these.
func awaitDescription(t *testing.T, p *platform.Platform, of []string, says ...string) {
	t.Helper()
	var seen string
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, time.Minute, true, func(context.Context) (bool, error) {
		seen = p.Do(t, append([]string{"describe"}, of...)...)
		for _, sentence := range says {
			if !strings.Contains(seen, sentence) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Errorf("kubectl describe %v does not say %q:\n%s", of, says, seen)
	}
}
