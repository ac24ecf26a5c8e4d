package reconciliation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// anotherLeader replaces the leading replica, and proves that the next one neither calls a refused association ready nor
// repeats an event.
func anotherLeader(t *testing.T, f fixture) {
	late := f.createUninjected(t)
	refused := f.createRefused(t)
	f.awaitNotInjected(t, late)
	const transition = `-o=jsonpath={.status.conditions[?(@.type=="Ready")].status} since {.status.conditions[?(@.type=="Ready")].lastTransitionTime}`
	before := f.Do(t, "get", "pia", refused, transition)
	last := f.leader(t)
	f.Do(t, "delete", "pod", "--namespace=pod-identity", last)
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, waitTimeout, true, func(context.Context) (bool, error) {
		next := f.leader(t)
		return next != "" && next != last, nil
	})
	if err != nil {
		t.Fatalf("no replica follows %s", last)
	}
	// The new leader writes all statuses at once: when this one is written, the other has been looked at.
	f.associateAccount(t, "witness", f.namespace, "witness", fmt.Sprintf("roleARN: %q", f.RoleARN))
	f.Do(t, "wait", "--for=condition=Ready", "pia/"+f.association("witness"), "--timeout=3m")
	if after := f.Do(t, "get", "pia", refused, transition); after != before || !strings.HasPrefix(after, "False ") {
		t.Errorf("Ready was %s, and is %s under the new leader", before, after)
	}
	if events := f.Do(t, "get", "events", "--namespace=default", "--field-selector=reason=InEffect,involvedObject.name="+refused, "--output=name"); events != "" {
		t.Errorf("the new leader announces %s", events)
	}
	f.Do(t, "wait", "--namespace=pod-identity", "--for=condition=Ready", "pod", "--all", "--timeout=3m")
	f.awaitMetrics(t, "one replica counts it", func(all string) bool { return strings.Contains(all, uninjectedMetric(late)+" 1") })
	if events := strings.Fields(f.Do(t, "get", "events", "--namespace="+late, "--field-selector=reason=NotInjected", "--output=name")); len(events) != 1 {
		t.Errorf("of a pod that was not injected there are the events %q", events)
	}
}

// leader is the pod that holds the lease, or "".
func (f fixture) leader(t *testing.T) string {
	t.Helper()
	holder := f.Do(t, "get", "lease", "--namespace=pod-identity", "pod-identity-webhook", "--output=jsonpath={.spec.holderIdentity}")
	pod, _, _ := strings.Cut(holder, "_")
	return pod
}
