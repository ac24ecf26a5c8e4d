package reconciliation_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// anotherLeader replaces the leading replica, and holds that the next one neither calls a refused association ready nor
// repeats an event. It finds the association refused not ready, and a pod of namespace late not injected.
func anotherLeader(t *testing.T, p *platform.Platform) {
	const transition = `-o=jsonpath={.status.conditions[?(@.type=="Ready")].status} since {.status.conditions[?(@.type=="Ready")].lastTransitionTime}`
	before := p.Do(t, "get", "pia", "refused", transition)
	p.Do(t, "label", "namespace", "late", "podidentity.dev/inject=enabled")
	last := leader(t, p)
	p.Do(t, "delete", "pod", "--namespace=pod-identity", last)
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, time.Minute, true, func(context.Context) (bool, error) {
		next := leader(t, p)
		return next != "" && next != last, nil
	})
	if err != nil {
		t.Fatalf("no replica follows %s", last)
	}
	// The new leader writes all statuses at once: when this one is written, the other has been looked at.
	associateAccount(t, p, "witness", namespace, "nobody", p.MinIO.RoleARN)
	p.Do(t, "wait", "--for=condition=Ready", "pia/witness", "--timeout=1m")
	if after := p.Do(t, "get", "pia", "refused", transition); after != before || !strings.HasPrefix(after, "False ") {
		t.Errorf("Ready was %s, and is %s under the new leader", before, after)
	}
	if events := p.Do(t, "get", "events", "--namespace=default", "--field-selector=reason=InEffect,involvedObject.name=refused", "--output=name"); events != "" {
		t.Errorf("the new leader announces %s", events)
	}
	p.Do(t, "wait", "--namespace=pod-identity", "--for=condition=Ready", "pod", "--all", "--timeout=1m")
	awaitMetric(t, p, `podidentity_uninjected_pods{namespace="late"} 1`)
	if events := strings.Fields(p.Do(t, "get", "events", "--namespace=late", "--field-selector=reason=NotInjected", "--output=name")); len(events) != 1 {
		t.Errorf("of a pod that was not injected there are the events %q", events)
	}
	p.Do(t, "delete", "pia", "witness")
}

// leader is the pod that holds the lease, or "".
func leader(t *testing.T, p *platform.Platform) string {
	t.Helper()
	holder := p.Do(t, "get", "lease", "--namespace=pod-identity", "pod-identity-webhook", "--output=jsonpath={.spec.holderIdentity}")
	pod, _, _ := strings.Cut(holder, "_")
	return pod
}
