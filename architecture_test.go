// Package podidentity_test keeps the laws of the floor plan.
package podidentity_test

import (
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/podidentity/podidentity/"

// dependencies are all packages that a package of ours is built from.
func dependencies(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", pattern).Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", pattern, err)
	}
	return strings.Fields(string(out))
}

func TestArrowsOfTheFloorPlan(t *testing.T) {
	for name, law := range map[string]struct {
		of        string
		forbidden []string
	}{
		"the sidecar, which every pod pays for, is free of Kubernetes": {
			"./sidecar/...", []string{"k8s.io/", "sigs.k8s.io/", module + "webhook", module + "association", module + "api", module + "certs", module + "auth"},
		},
		"the contract imports nothing of ours and nothing of others": {
			"./contract", []string{"k8s.io/", "sigs.k8s.io/", "net/http", module + "api", module + "webhook", module + "sidecar"},
		},
		"injection is pure: no server, no client, no cache": {
			"./webhook/inject", []string{"sigs.k8s.io/controller-runtime", "k8s.io/client-go", module + "association", module + "certs", module + "webhook/admission", module + "webhook/config"},
		},
		"the index and the certificates serve other servers than the webhook too": {
			"./association", []string{module + "webhook", module + "sidecar", module + "certs", module + "auth"},
		},
		"the auth service is neither the webhook nor the sidecar": {
			"./auth/...", []string{module + "webhook", module + "sidecar"},
		},
		"the webhook can do without the auth service": {
			"./webhook/...", []string{module + "auth"},
		},
		"the certificates know nothing of whom they serve": {
			"./certs", []string{module + "webhook", module + "sidecar", module + "auth", module + "association", module + "api"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, dependency := range dependencies(t, law.of) {
				for _, prefix := range law.forbidden {
					if strings.HasPrefix(dependency, prefix) {
						t.Errorf("%s depends on %s", law.of, dependency)
					}
				}
			}
		})
	}
}
