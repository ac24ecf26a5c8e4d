package rbac_test

import (
	"fmt"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// doEverything has the product do all that it does: it was installed, so that it has made a CA and elected a leader; pods are
// admitted under a good label and a bad one; an association comes, changes, becomes invalid and is corrected; a pod was not injected;
// the CA is damaged.
func doEverything(t *testing.T, p *platform.Platform) {
	t.Helper()
	for _, namespace := range []string{"team", "misspelt"} {
		p.Do(t, "create", "namespace", namespace)
		p.AwaitAny(t, "--namespace="+namespace, "serviceaccount", "--field-selector=metadata.name=default")
	}
	create(t, p, "team", "older")
	p.Do(t, "label", "namespace", "team", "podidentity.dev/inject=enabled")
	p.Do(t, "label", "namespace", "misspelt", "podidentity.dev/inject=Enabled")
	create(t, p, "team", "injected")
	create(t, p, "misspelt", "not-injected")
	p.AwaitAny(t, "--namespace=team", "event", "--field-selector=reason=NotInjected")

	const good, malformed = `{}`, `{\"Version\"}`
	for _, policy := range []string{good, malformed, good} {
		associate(t, p, policy)
		ready := map[string]string{good: "True", malformed: "False"}[policy]
		p.Do(t, "wait", "--for=condition=Ready="+ready, "pia/team", "--timeout=3m")
	}
	p.Do(t, "wait", "--namespace=team", `--for=jsonpath={.metadata.annotations.podidentity\.dev/status}=injected`, "pod/injected", "--timeout=3m")
	p.AwaitAny(t, "event", "--field-selector=reason=Unusable")

	p.Do(t, "patch", "secret", "--namespace=pod-identity", "pod-identity-ca", "--type=merge", `--patch={"data": {"ca.crt": null}}`)
	p.Do(t, "wait", "--namespace=pod-identity", `--for=jsonpath={.data.ca\.crt}`, "secret/pod-identity-ca", "--timeout=3m")
}

// create creates a pod that no node gets.
func create(t *testing.T, p *platform.Platform, namespace, name string) {
	t.Helper()
	p.DoWith(t, fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {schedulerName: none, containers: [{name: app, image: app}]}", name),
		"create", "--namespace="+namespace, "--filename=-")
}

func associate(t *testing.T, p *platform.Platform, policy string) {
	t.Helper()
	p.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: team}\n"+
		"spec: {namespace: team, serviceAccount: default, roleARN: %q, disableSessionTags: true, policy: \"%s\"}", p.MinIO.RoleARN, policy), "apply", "--filename=-")
}
