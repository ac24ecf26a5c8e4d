package plugin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// session runs the commands of the document, where pod and association checkout are there as it says.
func (f fixture) session(t *testing.T) {
	blocks, err := platform.Blocks("../../../docs/kubectl.md", "## A first session")
	if err != nil {
		t.Fatal(err)
	}
	f.shop(t)
	said, err := platform.Shell{Cluster: f.Cluster, Dir: t.TempDir()}.Run(t.Context(), blocks[0].Commands)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(said)
	rest := said
	for _, sentence := range []string{
		"are in effect",
		"association/checkout",
		"1. association checkout gives " + f.RoleARN + ", and is in effect",
		"has credentials until",
		"no PodIdentityAssociation names service account shop/default",
		"it ended with 1",
	} {
		_, after, found := strings.Cut(rest, sentence)
		if !found {
			t.Errorf("the session does not print %q, or not in this place", sentence)
			continue
		}
		rest = after
	}
}

// shop is the namespace of the document, in which all is well.
func (f fixture) shop(t *testing.T) {
	t.Helper()
	f.Do(t, "create", "namespace", "shop")
	t.Cleanup(func() {
		if _, err := f.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "namespace", "shop"); err != nil {
			t.Error(err)
		}
	})
	f.Do(t, "label", "namespace", "shop", "podidentity.dev/inject=enabled")
	f.Do(t, "create", "serviceaccount", "--namespace=shop", "reader")
	f.Do(t, "wait", "--namespace=shop", "--for=create", "serviceaccount/default", "--timeout=1m")
	f.associate(t, "checkout", "shop", f.RoleARN)
	f.DoWith(t, fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: checkout}, spec: {serviceAccountName: reader, containers: [{name: app, image: %q, %s}]}}", f.CLIImage, sleeping),
		"create", "--namespace=shop", "--filename=-")
	f.Do(t, "wait", "--namespace=shop", "--for=condition=Ready", "pod/checkout", "--timeout=2m")
	f.await(t, 0, []string{"are in effect"})
}
