package plugin_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/platform"
)

// endpoints has new pods ask an STS that is not there, and one whose certificate no public CA has signed, and at last the one that fails on
// command, which later scenarios ask.
func (f fixture) endpoints(t *testing.T) {
	app := fmt.Sprintf("containers: [{name: app, image: %q, %s}]", f.CLIImage, sleeping)
	for _, each := range endpointFaults() {
		t.Run(each.name, func(t *testing.T) {
			f.addArgument(t, "--sts-endpoint="+platform.Localize(f.Cluster, each.url))
			f.play(t, each.name, scene{label: "enabled", spec: app, role: f.RoleARN, says: each.says, code: 1})
		})
	}
	f.addArgument(t, "--sts-endpoint="+f.sts.URL())
}

type endpointFault struct{ name, url, says string }

func endpointFaults() []endpointFault {
	return []endpointFault{
		{"STS cannot be reached", "http://" + cluster.NodeAddress + ":9", "cannot be reached"},
		// The API server is an HTTPS server with a CA of its own.
		{"STS is not trusted", "https://" + cluster.NodeAddress + ":6443", "is not trusted"},
	}
}

// addArgument restarts the webhook with one more, until no replica without it is left; of two for one flag the last one counts.
func (f fixture) addArgument(t *testing.T, argument string) {
	t.Helper()
	before := strings.Fields(f.Do(t, "get", "pods", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-webhook", "--output=name"))
	for _, deployment := range []string{"pod-identity-webhook", "pod-identity-webhook-standby"} {
		f.Do(t, "patch", "--namespace=pod-identity", "deployment", deployment, "--type=json",
			`--patch=[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "`+argument+`"}]`)
		f.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment/"+deployment, "--timeout=2m")
	}
	f.Do(t, slices.Concat([]string{"wait", "--namespace=pod-identity", "--for=delete", "--timeout=3m"}, before)...)
}

// authService has pods ask the auth service, to which STS refuses every role, and then takes its rights.
func (f fixture) authService(t *testing.T) {
	ip, err := f.UseAuthService(t.Context(), "e2e/suites/auth/testdata")
	if err != nil {
		t.Fatal(err)
	}
	// The cluster has no DNS: the pod is told where the service is.
	spec := fmt.Sprintf("hostAliases: [{ip: %s, hostnames: [pod-identity-auth.pod-identity.svc]}], containers: [{name: app, image: %q, %s}]", ip, f.CLIImage, sleeping)
	f.await(t, 0, []string{"the auth service may do all that it does"})
	t.Run("the auth service refuses the role", func(t *testing.T) {
		f.sts.Set(t, platform.Refusing)
		f.play(t, t.Name(), scene{label: "enabled", spec: spec, role: f.RoleARN, says: "refuses: AccessDeniedException", code: 1})
	})
	f.Do(t, "delete", "clusterrolebinding", "pod-identity-auth")
	f.await(t, 1, []string{"the auth service may not list,watch namespaces"})
}
