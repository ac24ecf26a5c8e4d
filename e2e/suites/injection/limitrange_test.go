package injection_test

import (
	"fmt"
	"strings"
	"testing"
)

// limitRange has LimitRanger and a quota check the sidecar.
func limitRange(t *testing.T, s suite) {
	s.namespaces(t, "bounded")
	s.Do(t, "label", "namespace", "bounded", "podidentity.dev/inject=enabled")
	s.ApplyTemplate(t, "bounded.yaml", []string{"bounded"})
	const cpu, follows = "2500m", "injected: 34m 100m 64Mi 64Mi"
	// The quota has to be counted, and both quota and bounds to be known to those who check them.
	s.await(t, "the sidecar follows the bounds", func() bool {
		got, err := s.bounded(t, cpu)
		return err == nil && got == follows
	})
	for name, test := range map[string]struct{ cpu, want string }{
		"follows the bounds":            {cpu, follows},
		"takes what is left of the pod": {"3900m", follows},
		"has no room":                   {"4", "skipped: a LimitRange leaves this pod no room for container pod-identity"},
	} {
		if got, err := s.bounded(t, test.cpu); err != nil || got != test.want {
			t.Errorf("a sidecar that %s: %s %v", name, got, err)
		}
	}
}

// bounded is what becomes of a pod with a CPU limit: its status, and the resources of its sidecar.
func (s suite) bounded(t *testing.T, cpu string) (string, error) {
	t.Helper()
	seen, err := s.Kubectl(t.Context(), strings.NewReader(fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: bounded}\nspec: {containers: [{name: app, image: app, "+
		"resources: {requests: {cpu: 2}, limits: {cpu: %s, memory: 256Mi}}}]}", cpu)),
		"create", "--dry-run=server", "--namespace=bounded", "--filename=-",
		`--output=jsonpath={.metadata.annotations.podidentity\.dev/status}{"\n"}{range .spec.initContainers[*].resources}`+
			`{.requests.cpu} {.limits.cpu} {.requests.memory} {.limits.memory}{end}`)
	status, resources, _ := strings.Cut(seen, "\n")
	status, _, _ = strings.Cut(strings.Replace(status, ": no credentials until", ";", 1), ";")
	return strings.TrimSuffix(status+": "+resources, ": "), err
}

// quota has a quota of CPU limits alone take an injected pod whose own containers have what it demands.
func quota(t *testing.T, s suite) {
	s.namespaces(t, "metered")
	s.Do(t, "label", "namespace", "metered", "podidentity.dev/inject=enabled")
	s.Do(t, "create", "quota", "demands", "--namespace=metered", "--hard=limits.cpu=1")
	// Before it has been counted, the API server refuses all pods.
	s.Do(t, "wait", "--namespace=metered", `--for=jsonpath={.status.hard.limits\.cpu}`, "quota/demands", "--timeout=2m")
	seen := s.DoWith(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: metered}\nspec: {containers: [{name: app, image: app, resources: {limits: {cpu: 900m}}}]}",
		"create", "--dry-run=server", "--namespace=metered", "--filename=-", "--output=jsonpath={.spec.initContainers[*].resources.limits.cpu}")
	if seen != "100m" {
		t.Errorf("the sidecar has the CPU limit %q", seen)
	}
}

// namespaces creates some, with the service account of random pods.
func (s suite) namespaces(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		s.Do(t, "create", "namespace", name)
		s.Do(t, "create", "serviceaccount", "--namespace="+name, "reader")
	}
}
