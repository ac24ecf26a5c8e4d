package policies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podidentity/podidentity/e2e/platform"
)

// fixture is a namespace with the injected pod app, which no node gets, and a namespace for which the webhook is not called.
type fixture struct {
	*platform.Env

	namespace, unlabelled string
}

const pod = `
apiVersion: v1
kind: Pod
metadata: {name: app, labels: {app: app}}
spec:
  schedulerName: nobody
  containers: [{name: app, image: registry.example.com/app}]
  volumes: [{name: scratch, emptyDir: {}}]
`

func newFixture(t *testing.T, env *platform.Env) fixture {
	t.Helper()
	f := fixture{env, env.Namespace(t, "policies", "enabled"), env.Namespace(t, "policies", "")}
	f.DoWith(t, pod, "create", "--namespace="+f.namespace, "--filename=-")
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.labels.podidentity\.dev/injected}=true`, "pod/app", "--timeout=1m")
	return f
}

// live is the pod app, without what a writer may not know better than the API server.
func (f fixture) live(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	var live unstructured.Unstructured
	if err := json.Unmarshal([]byte(f.Do(t, "get", "pod", "--namespace="+f.namespace, "app", "--output=json")), &live.Object); err != nil {
		t.Fatal(err)
	}
	live.SetResourceVersion("")
	live.SetManagedFields(nil)
	return &live
}

// request is how to run kubectl for a request that is not carried out.
type request func(t *testing.T, f fixture) (stdin string, args []string)

func (f fixture) try(t *testing.T, a attempt) {
	out, err := f.as(t.Context(), t, a)
	switch {
	case a.refused == allowed && err != nil:
		t.Errorf("it is refused: %v", err)
	case a.refused != allowed && (err == nil || !strings.Contains(err.Error(), "is forbidden") || !strings.Contains(err.Error(), a.refused)):
		t.Errorf("it is not refused with %q: %v %s", a.refused, err, out)
	}
}

// as makes the request as the user of the attempt.
func (f fixture) as(ctx context.Context, t *testing.T, a attempt) (string, error) {
	t.Helper()
	stdin, args := a.request(t, f)
	return f.Kubectl(ctx, strings.NewReader(stdin), append(args, "--as="+a.user, "--as-group=system:masters")...)
}

func patch(text string, flags ...string) request {
	return func(_ *testing.T, f fixture) (string, []string) {
		return "", append([]string{"patch", "pod", "--namespace=" + f.namespace, "app", "--type=merge", "--patch=" + text, "--dry-run=server"}, flags...)
	}
}

func label(name, value string) request {
	return patch(fmt.Sprintf(`{"metadata": {"labels": {%q: %s}}}`, name, value))
}

func annotate(name, value string) request {
	return patch(fmt.Sprintf(`{"metadata": {"annotations": {%q: %s}}}`, name, value))
}

// replaceImage changes the image of a container in place.
func replaceImage(container string) request {
	return func(_ *testing.T, f fixture) (string, []string) {
		return "", []string{"set", "image", "--namespace=" + f.namespace, "pod/app", container + "=registry.example.com/other", "--dry-run=server"}
	}
}

// bind is what a scheduler does, with metadata for the pod.
func bind(resource, metadata string) request {
	return func(_ *testing.T, f fixture) (string, []string) {
		return fmt.Sprintf(`{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "app", %s}, "target": {"kind": "Node", "name": "nowhere"}}`, metadata),
			[]string{"create", "--raw=/api/v1/namespaces/" + f.namespace + "/" + resource + "?dryRun=All", "--filename=-"}
	}
}

// debug is what kubectl debug does, with a mount of a volume of the pod, and the processes of a container of it.
func debug(volume, target string) request {
	return func(t *testing.T, f fixture) (string, []string) {
		t.Helper()
		live := f.live(t)
		debugger := map[string]any{
			"name": "debugger", "image": "registry.example.com/debugger", "terminationMessagePolicy": "File", "targetContainerName": target,
			"volumeMounts": []any{map[string]any{"name": volume, "mountPath": "/mnt"}},
		}
		if err := unstructured.SetNestedSlice(live.Object, []any{debugger}, "spec", "ephemeralContainers"); err != nil {
			t.Fatal(err)
		}
		return encode(t, live), []string{"replace", "--raw=/api/v1/namespaces/" + f.namespace + "/pods/app/ephemeralcontainers?dryRun=All", "--filename=-"}
	}
}

// replace replaces the pod by itself, with our annotations or without.
func replace(annotated bool) request {
	return func(t *testing.T, f fixture) (string, []string) {
		t.Helper()
		live := f.live(t)
		if !annotated {
			live.SetAnnotations(nil)
		}
		return encode(t, live), []string{"replace", "--dry-run=server", "--filename=-"}
	}
}

// copied creates a copy where the webhook is not called, as a backup restores it.
func copied() request {
	return func(t *testing.T, f fixture) (string, []string) {
		t.Helper()
		live := f.live(t)
		live.SetNamespace(f.unlabelled)
		live.SetUID("")
		live.SetCreationTimestamp(metav1.Time{})
		return encode(t, live), []string{"create", "--dry-run=server", "--filename=-"}
	}
}

func remove() request {
	return func(_ *testing.T, f fixture) (string, []string) {
		return "", []string{"delete", "pod", "--namespace=" + f.namespace, "app", "--dry-run=server"}
	}
}

func encode(t *testing.T, object *unstructured.Unstructured) string {
	t.Helper()
	text, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
