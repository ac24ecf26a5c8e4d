package reconciliation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const definition = "crd/podidentityassociations.podidentity.dev"

// deletedDefinition deletes the CustomResourceDefinition, and with it every association of the cluster, and applies it again.
func deletedDefinition(t *testing.T, f fixture) {
	restore := f.backUp(t)
	f.startAssociated(t)
	uid := f.Do(t, "get", definition, "--output=jsonpath={.metadata.uid}")
	f.Do(t, "delete", definition, "--timeout=3m")
	f.AwaitAny(t, "event", "--namespace=default", "--field-selector=reason=DefinitionMissing,involvedObject.uid="+uid)
	f.awaitMetrics(t, "every replica says that it is missing", func(all string) bool {
		return strings.Contains(all, "podidentity_definition_missing 1") && !strings.Contains(all, "podidentity_definition_missing 0")
	})
	f.run(t, "late", "reader")
	f.Do(t, "wait", "--namespace="+f.namespace, "--for=condition=Ready", "pod/late", "--timeout=3m")
	// Time enough for an informer to ask in vain more and more rarely.
	for range 20 {
		f.list(t)
	}
	f.awaitAssociation(t, "reader")

	restore(t.Context())
	begin := time.Now()
	f.associateAccount(t, "reader", f.namespace, "reader", fmt.Sprintf("roleARN: %q, disableSessionTags: true", f.RoleARN))
	applied := time.Now()
	want := fmt.Sprintf(`{"association":%q,"roleARN":%q,"disableSessionTags":true}`, f.association("reader"), f.RoleARN)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+want, "pod/app", "--timeout=3m")
	t.Logf("from an association that is applied right after the return of the definition to the changed identity of a pod: %s, of which kubectl took %s to apply it",
		time.Since(begin).Round(10*time.Millisecond), applied.Sub(begin).Round(10*time.Millisecond))
	f.list(t)
	uid = f.Do(t, "get", definition, "--output=jsonpath={.metadata.uid}")
	f.AwaitAny(t, "event", "--namespace=default", "--field-selector=reason=DefinitionBack,involvedObject.uid="+uid)
	t.Logf("from kubectl to the first refusal after a deletion: %s", f.until(t, "403", func() { f.dissociate(t, "reader") }).Round(10*time.Millisecond))
}

// backUp returns a function that applies the definition and what there is of associations, which is also done at the end.
func (f fixture) backUp(t *testing.T) (restore func(context.Context)) {
	t.Helper()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := f.specs(t)
	restore = func(ctx context.Context) {
		for _, arguments := range [][]string{
			{"apply", "--filename=" + filepath.Join(root, "manifests/base/crd")},
			{"wait", "--for=condition=Established", definition, "--timeout=3m"},
			{"apply", "--filename=-"},
		} {
			if _, err := f.Kubectl(ctx, strings.NewReader(all), arguments...); err != nil && !strings.Contains(err.Error(), "no objects passed to apply") {
				t.Error(err)
			}
		}
	}
	t.Cleanup(func() { restore(context.WithoutCancel(t.Context())) })
	return restore
}

// specs are all associations of the cluster as somebody would apply them.
func (f fixture) specs(t *testing.T) string {
	t.Helper()
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
			Spec json.RawMessage `json:"spec"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(f.Do(t, "get", "pia", "--output=json")), &list); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, a := range list.Items {
		fmt.Fprintf(&all, "---\napiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec: %s\n", a.Metadata.Name, a.Spec)
	}
	return all.String()
}
