package monitoring_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// observed is how long a fault is watched for alerts of which none should fire, and another one after those that should.
const observed, after = 30 * time.Second, 4 * time.Second

// fault is something that happens to the cluster, or to one namespace of it.
type fault struct {
	name string
	// alerts are those that should fire.
	alerts []string
	// scoped faults concern one namespace, and their alerts name it or its association.
	scoped bool
	// short ones happen in the short form too.
	short bool
	begin func(t *testing.T, s *suite, namespace string)
	// still happens again and again while the fault lasts; may be nil.
	still func(t *testing.T, s *suite, namespace string)
	end   func(t *testing.T, s *suite, namespace string)

	namespace string
	fired     map[string]time.Duration
}

// faults are groups of those that happen at once.
func faults() [][]*fault {
	return [][]*fault{
		{
			{name: "STS does not answer, and a pod is created", alerts: []string{"PodIdentityPodsWithoutCredentials"}, scoped: true, short: true, begin: createWithoutSTS, end: stsAnswers},
			{name: "a pod is older than the label of its namespace", alerts: []string{"PodIdentityPodsUninjected"}, scoped: true, short: true, begin: labelLate, end: unlabel},
			{name: "an association is edited to a role that STS refuses", alerts: []string{"PodIdentityRoleRefused"}, scoped: true, begin: refuseRole, end: nothing},
			{name: "a namespace no longer allows the role that its ServiceAccount names", alerts: []string{"PodIdentityRoleRefused"}, scoped: true, begin: narrowBounds, end: nothing},
			{name: "STS does not answer pods that run", alerts: []string{"PodIdentityCredentialsRunOut"}, scoped: true, begin: silenceSTS, end: stsAnswers},
		},
		{{name: "STS throttles", alerts: []string{"PodIdentitySTSThrottles"}, begin: throttle, still: askAgain, end: stsAnswers}},
		{{name: "the leader is killed (SIGKILL)", short: true, begin: killLeader, end: nothing}},
		{{name: "rolling update", begin: rollingUpdate, end: nothing}},
		{{name: "somebody else takes the lease, and renews it", alerts: []string{"PodIdentityLeaderless"}, short: true, begin: nothing, still: takeLease, end: releaseLease}},
		{{name: "the primary webhook lacks CPU", alerts: []string{"PodIdentityAdmissionSlow"}, begin: starve, still: create, end: feed}},
		{{name: "all replicas of the webhook are away", alerts: []string{"PodIdentityAdmissionFailing"}, begin: scaleTo("0"), still: create, end: scaleTo("1")}},
		{{name: "the definition of associations is deleted", alerts: []string{"PodIdentityDefinitionMissing"}, begin: deleteDefinition, end: applyDefinition}},
		{{name: "a certificate of the webhook expires within a day", alerts: []string{"PodIdentityCertificateExpires"}, begin: addArgument("--certificate-validity=30m"), end: addArgument("--certificate-validity=168h")}},
		// The issuer of this cluster is its API server, whose certificate no public CA has signed.
		{{name: "the issuer is watched, and cannot be read", alerts: []string{"PodIdentityIssuerStale"}, begin: addArgument("--watch-issuer"), end: addArgument("--watch-issuer=false")}},
	}
}

// happen has the faults of a group happen at once, and returns their rows.
func (s *suite) happen(t *testing.T, group []*fault) (rows []string) {
	t.Helper()
	for _, f := range group {
		f.namespace = s.Namespace(t, "monitored", "", "app")
		f.fired = map[string]time.Duration{}
	}
	begin := time.Now()
	for _, f := range group {
		f.begin(t, s, f.namespace)
	}
	complete := time.Time{}
	s.await(t, "the alerts fire", func(context.Context) (bool, error) {
		for _, f := range group {
			if f.still != nil {
				f.still(t, s, f.namespace)
			}
		}
		s.evaluate(t)
		s.note(t, group, begin)
		switch whole := !slices.ContainsFunc(group, func(f *fault) bool { return len(f.fired) < len(f.alerts) }); {
		case whole && len(group[0].alerts) == 0:
			return time.Since(begin) > observed, nil
		case whole && complete.IsZero():
			complete = time.Now()
		}
		return !complete.IsZero() && time.Since(complete) > after, nil
	})
	for _, f := range group {
		f.end(t, s, f.namespace)
		s.Do(t, "delete", "pods", "--namespace="+f.namespace, "--all", "--grace-period=1")
		s.Do(t, "delete", "pia", f.namespace, "--ignore-not-found")
		rows = append(rows, f.row())
	}
	s.quiet(t)
	return rows
}

// note notes which alerts fire, and complains about those that should not.
func (s *suite) note(t *testing.T, group []*fault, begin time.Time) {
	t.Helper()
	firing := s.firing(t)
	for _, f := range group {
		key := ""
		if f.scoped {
			key = f.namespace
		}
		for _, alert := range firing[key] {
			if _, known := f.fired[alert]; known {
				continue
			}
			f.fired[alert] = time.Since(begin)
			if !slices.Contains(f.alerts, alert) {
				t.Errorf("%s: %s fires", f.name, alert)
			}
		}
		delete(firing, key)
	}
	if len(firing) > 0 {
		t.Fatalf("others fire: %v", firing)
	}
}

func (f *fault) row() string {
	if len(f.fired) == 0 {
		return fmt.Sprintf("| %s | none | – |", f.name)
	}
	slowest := slices.Max(slices.Collect(maps.Values(f.fired)))
	return fmt.Sprintf("| %s | %s | %.0f s |", f.name, strings.Join(slices.Sorted(maps.Keys(f.fired)), ", "), slowest.Seconds())
}

func nothing(*testing.T, *suite, string) {}

// associate gives the service account app of a namespace a role.
func (s *suite) associate(t *testing.T, name, namespace, role, more string) {
	t.Helper()
	s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec: {namespace: %s, serviceAccount: app, roleARN: %q%s}",
		name, namespace, role, more), "apply", "--filename=-")
}

func (s *suite) label(t *testing.T, namespace string) {
	t.Helper()
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
}

func (s *suite) run(t *testing.T, namespace, metadata string) {
	t.Helper()
	s.DoWith(t, fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"%s}, "spec": {"serviceAccountName": "app", "terminationGracePeriodSeconds": 1,
		"containers": [{"name": "app", "image": %q, "command": ["sleep", "infinity"]}]}}`, metadata, s.CLIImage), "create", "--namespace="+namespace, "--filename=-")
}

// runReady runs a pod with credentials in a namespace that gets the label.
func (s *suite) runReady(t *testing.T, namespace string) {
	t.Helper()
	s.label(t, namespace)
	s.associate(t, namespace, namespace, s.RoleARN, "")
	s.run(t, namespace, "")
	s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/app", "--timeout=2m")
}

// runScraped runs a pod whose sidecar has metrics.
func (s *suite) runScraped(t *testing.T, namespace string) {
	t.Helper()
	s.run(t, namespace, `, "annotations": {"podidentity.dev/metrics-port": "9464"}`)
	s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/app", "--timeout=2m")
}

func stsAnswers(t *testing.T, s *suite, namespace string) {
	s.sts.SetFor(t, namespace, platform.Answering)
}
