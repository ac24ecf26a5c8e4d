package scale_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	// associations and pods are as many as the product is made for.
	associations = 10_000
	// fewAssociations are there when pods are created and the plugin looks at them.
	fewAssociations = 1_000
	manyPods        = 3_000
	otherPods       = 2_000
	// others is how many namespaces share otherPods.
	others = 20
	// clients create at once.
	clients = 16
)

// fixture is a cluster full of associations and pods. The pods are never scheduled: they need no node.
type fixture struct {
	*platform.Platform

	pods    kubernetes.Interface
	objects dynamic.NamespaceableResourceInterface
}

func newFixture(t *testing.T) fixture {
	t.Helper()
	p := platform.ForTest(t, "scale")
	config, err := p.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	pods, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	resource := schema.GroupVersionResource{Group: "podidentity.dev", Version: "v1alpha1", Resource: "podidentityassociations"}
	return fixture{Platform: p, pods: pods, objects: objects.Resource(resource)}
}

func namespaces() []string {
	all := []string{"many", "one"}
	for i := range others {
		all = append(all, fmt.Sprint("other-", i))
	}
	return all
}

// fill makes the namespaces, then the first associations, then the pods, through the webhook.
func (f fixture) fill(t *testing.T) {
	t.Helper()
	for _, name := range namespaces() {
		f.Do(t, "create", "namespace", name)
		f.Do(t, "label", "namespace", name, "podidentity.dev/inject=enabled")
		// The API server takes no pod before its service account is there.
		f.AwaitAny(t, "--namespace="+name, "serviceaccount", "--field-selector=metadata.name=default")
	}
	f.associateMore(t, 0, fewAssociations)
	begin := time.Now()
	f.each(t, manyPods, func(ctx context.Context, i int) error { return f.create(ctx, "many", i) })
	f.each(t, otherPods, func(ctx context.Context, i int) error { return f.create(ctx, fmt.Sprint("other-", i%others), i) })
	f.each(t, 1, func(ctx context.Context, i int) error { return f.create(ctx, "one", i) })
	t.Logf("%d injected pods created in %s", manyPods+otherPods+1, time.Since(begin).Round(time.Second))
}

// associateMore creates the associations from first on, until there are count. The first have pods.
func (f fixture) associateMore(t *testing.T, first, count int) {
	t.Helper()
	begin := time.Now()
	f.each(t, count-first, func(ctx context.Context, i int) error {
		i += first
		namespace, account := fmt.Sprint("other-", i%others), fmt.Sprint("account-", i)
		if i < len(namespaces()) {
			namespace, account = namespaces()[i], "default"
		}
		return f.associate(ctx, fmt.Sprint(namespace, "-", account), namespace, account)
	})
	t.Logf("%d associations created in %s", count-first, time.Since(begin).Round(time.Second))
}

// each does something count times, by several clients at once.
func (f fixture) each(t *testing.T, count int, do func(ctx context.Context, i int) error) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(clients)
	for i := range count {
		group.Go(func() error { return do(ctx, i) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (f fixture) associate(ctx context.Context, name, namespace, account string) error {
	_, err := f.objects.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation",
		"metadata": map[string]any{"name": name},
		"spec":     map[string]any{"namespace": namespace, "serviceAccount": account, "roleARN": role("first")},
	}}, metav1.CreateOptions{})
	return err
}

func role(name string) string { return "arn:aws:iam::111122223333:role/" + name }

func (f fixture) create(ctx context.Context, namespace string, i int) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("pod-", i)},
		Spec:       corev1.PodSpec{SchedulerName: "none", Containers: []corev1.Container{{Name: "app", Image: "app"}}},
	}
	created, err := f.pods.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{})
	if err == nil && created.Labels["podidentity.dev/injected"] != "true" {
		return fmt.Errorf("pod %s/%s was not injected", namespace, pod.Name)
	}
	return err
}

// change gives the pods of a namespace another role.
func (f fixture) change(t *testing.T, namespace, to string) {
	t.Helper()
	patch := fmt.Appendf(nil, `{"spec": {"roleARN": %q}}`, role(to))
	if _, err := f.objects.Patch(t.Context(), namespace+"-default", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// having counts the pods of a namespace that have a role by now.
func (f fixture) having(ctx context.Context, namespace, name string) (int, error) {
	pods, err := f.pods.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	count := 0
	for _, pod := range pods.Items {
		if strings.Contains(pod.Annotations["podidentity.dev/identity"], `"`+role(name)+`"`) {
			count++
		}
	}
	return count, nil
}

// await waits until at least count pods of a namespace have a role. An API server that does not answer is asked again.
func (f fixture) await(t *testing.T, namespace, name string, count int) {
	t.Helper()
	last := 0
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		have, err := f.having(ctx, namespace, name)
		if err != nil {
			return false, nil //nolint:nilerr // asked again
		}
		last = have
		return have >= count, nil
	})
	if err != nil {
		t.Fatalf("of namespace %s %d pods have role %s, not %d: %v", namespace, last, name, count, err)
	}
}
