package check

import (
	"context"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cli"
)

// recorded is a looker at a fake cluster, which notes what it asks for as permissions of RBAC.
func recorded(t *testing.T, asked *[]string, objects ...client.Object) looker {
	t.Helper()
	scheme, err := cli.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	note := func(verb string, object runtime.Object) {
		mu.Lock()
		defer mu.Unlock()
		kind, err := apiutil.GVKForObject(object, scheme)
		if err != nil {
			t.Error(err)
			return
		}
		kind.Kind = strings.TrimSuffix(kind.Kind, "List")
		resource, _ := meta.UnsafeGuessKindToResource(kind)
		*asked = append(*asked, verb+" "+resource.Group+"/"+resource.Resource+" ")
	}
	c := interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			note("get", into)
			return c.Get(ctx, key, into, options...)
		},
		List: func(ctx context.Context, c client.WithWatch, into client.ObjectList, options ...client.ListOption) error {
			note("list", into)
			// The fake knows fields only where they are indexed.
			options = slices.DeleteFunc(slices.Clone(options), func(o client.ListOption) bool {
				_, one := o.(client.MatchingFields)
				_, other := o.(client.MatchingFieldsSelector)
				return one || other
			})
			return c.List(ctx, into, options...)
		},
		Create: func(_ context.Context, _ client.WithWatch, object client.Object, _ ...client.CreateOption) error {
			note("create", object)
			object.(*authorizationv1.SubjectAccessReview).Status.Allowed = true
			return nil
		},
	})
	return looker{
		client: c, version: func() (string, error) { return "v1.37.2", nil }, now: noon,
		log: func(context.Context, string, string) ([]byte, error) {
			*asked = append(*asked, "get /pods/log ")
			return nil, nil
		},
	}
}

// documented is the ClusterRole of docs/kubectl.md.
func documented(t *testing.T) rbacv1.ClusterRole {
	t.Helper()
	text, err := os.ReadFile("../../docs/kubectl.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "## What it may read")
	_, after, _ = strings.Cut(after, "```yaml\n")
	block, _, _ := strings.Cut(after, "```")
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict([]byte(block), &role); err != nil || len(role.Rules) == 0 {
		t.Fatalf("docs/kubectl.md has no ClusterRole: %v", err)
	}
	return role
}

func TestTheDocumentedRoleAllowsAllThatIsAskedForAndNothingElse(t *testing.T) {
	facts := healthy(t)
	webhook := facts.installation.Deployments["pod-identity-webhook"]
	webhook.Spec.Template.Spec.Containers = []corev1.Container{{Name: "webhook", Args: []string{
		"--namespace=pod-identity", "--image=" + image, "--source=eks-auth", "--cluster-name=green", "--eks-auth-endpoint=https://pod-identity-auth.pod-identity.svc",
	}}}
	deployment := webhook.DeepCopy()
	deployment.Namespace, deployment.Name, deployment.Spec.Selector = "shop", "checkout", &metav1.LabelSelector{MatchLabels: facts.pod.Labels}
	objects := []client.Object{facts.pod, facts.namespace, webhook, deployment}
	for _, configuration := range facts.installation.Configurations {
		objects = append(objects, configuration)
	}
	var asked []string
	l := recorded(t, &asked, objects...)
	for _, arguments := range [][]string{nil, {facts.pod.Name}, {"deployment/checkout"}} {
		if _, err := l.reports(t.Context(), "shop", arguments); err != nil {
			t.Errorf("%q: %v", arguments, err)
		}
	}
	slices.Sort(asked)
	if asked, allowed := slices.Compact(asked), permissions(documented(t).Rules); !slices.Equal(asked, allowed) {
		t.Errorf("asked for are\n%q\nand allowed\n%q", asked, allowed)
	}
}

func TestAClusterWithoutTheProductIsReportedAsSuch(t *testing.T) {
	var asked []string
	report, err := recorded(t, &asked, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: contract.Namespace}}).installation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	g.add(t, "nothing is installed", report.Findings)
	g.compare(t, "testdata/nothing.txt")
}

func TestTheArgumentIsAPodOrADeployment(t *testing.T) {
	for argument, want := range map[string]string{
		"web": "pod web", "pod/web": "pod web", "po/web": "pod web", "deploy/web": "deployment web", "Deployment.apps/web": "deployment web",
		"deployment/": "", "job/web": "", "deployment/a/b": "",
	} {
		kind, name, err := kindOf(argument)
		if (err != nil) != (want == "") || err == nil && kind+" "+name != want {
			t.Errorf("%s: %s %s, %v", argument, kind, name, err)
		}
	}
}
