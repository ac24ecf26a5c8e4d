package controller

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/cluster"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/webhook/inject"
)

// fakeCluster is an API server in memory. It adds to the fake client what this package depends on: watches that are
// narrowed by labels and can break, lists in pages, and the precondition of a UID in a patch.
type fakeCluster struct {
	cluster.Cluster
	t      *testing.T
	scheme *runtime.Scheme
	client client.WithWatch // as users and kubelets change it

	identities *association.Index
	changes    association.Changes
	authCA     string

	mu sync.Mutex
	// writes of the controller, such as "patch pods/app".
	writes []string
	// fail is asked for an error before each write.
	fail func(write string) error
	// deaf watches hear of nothing until they are broken.
	deaf   bool
	broken chan struct{}
}

func newFakeCluster(t *testing.T) *fakeCluster {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	return &fakeCluster{
		t: t, scheme: scheme, identities: association.NewIndex(), broken: make(chan struct{}),
		client: fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(&v1alpha1.PodIdentityAssociation{}).Build(),
	}
}

func (c *fakeCluster) GetScheme() *runtime.Scheme  { return c.scheme }
func (c *fakeCluster) GetConfig() *rest.Config     { return &rest.Config{Host: "localhost"} }
func (c *fakeCluster) GetHTTPClient() *http.Client { return &http.Client{} }
func (c *fakeCluster) GetRESTMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Event"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	return mapper
}

// newController returns a controller of this cluster.
func (c *fakeCluster) newController() *Controller {
	log, _ := logrustest.NewNullLogger()
	built, err := New(Options{
		Cluster: c, Identities: c.identities, Associations: c.associations, AuthCA: func() string { return c.authCA }, Synced: func() bool { return true }, Changes: &c.changes,
		Definition: func() association.DefinitionState { return association.DefinitionState{UID: "definition"} },
		Rules:      func(string) inject.Rules { return inject.Rules{} },
		Injection:  inject.DefaultSettings(), ExcludedNamespaces: []string{"kube-system"}, Metrics: prometheus.NewRegistry(), MetricsLimit: 10, Log: log,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	built.newClient = func() (client.Client, error) { return c.writer(), nil }
	built.newInformer = c.newInformer
	return built
}

func (c *fakeCluster) associations() []*v1alpha1.PodIdentityAssociation {
	var list v1alpha1.PodIdentityAssociationList
	if err := c.client.List(context.WithoutCancel(c.t.Context()), &list); err != nil {
		c.t.Error(err)
	}
	var all []*v1alpha1.PodIdentityAssociation
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all
}

// lead runs a new controller until stop is called.
func (c *fakeCluster) lead() (stop func()) { return c.run(c.newController()) }

func (c *fakeCluster) run(built *Controller) (stop func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	ended := make(chan error)
	go func() { ended <- built.Run(ctx) }()
	return func() {
		select {
		case err := <-ended:
			c.t.Errorf("it ended by itself: %v", err)
		default:
			cancel()
			<-ended //nolint:errcheck // package leader takes no error of work that was told to stop, such as one about caches that are not filled yet
		}
	}
}

// writer is the client of a controller.
func (c *fakeCluster) writer() client.Client {
	return interceptor.NewClient(c.client, interceptor.Funcs{
		List: c.listPage,
		Patch: func(ctx context.Context, w client.WithWatch, object client.Object, patch client.Patch, opts ...client.PatchOption) error {
			if err := c.beforePatch(object, patch, "pods/"+object.GetName()); err != nil {
				return err
			}
			return w.Patch(ctx, object, patch, opts...)
		},
		SubResourcePatch: func(ctx context.Context, w client.Client, sub string, object client.Object, patch client.Patch, opts ...client.SubResourcePatchOption) error {
			if err := c.beforePatch(object, patch, "associations/"+object.GetName()+"/"+sub); err != nil {
				return err
			}
			return w.SubResource(sub).Patch(ctx, object, patch, opts...)
		},
		Create: func(ctx context.Context, w client.WithWatch, object client.Object, opts ...client.CreateOption) error {
			if err := c.write("create event " + object.(*eventsv1.Event).Reason); err != nil {
				return err
			}
			return w.Create(ctx, object, opts...)
		},
	})
}

func (c *fakeCluster) write(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes = append(c.writes, what)
	if c.fail != nil {
		return c.fail(what)
	}
	return nil
}

// written returns the writes since the last call.
func (c *fakeCluster) written() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	writes := c.writes
	c.writes = nil
	return writes
}

// beforePatch refuses a patch of another object of the same name, as the API server does.
func (c *fakeCluster) beforePatch(object client.Object, patch client.Patch, target string) error {
	if err := c.write("patch " + target); err != nil {
		return err
	}
	wanted := object.DeepCopyObject().(client.Object)
	data, err := patch.Data(object)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, wanted); err != nil {
		return err
	}
	present := object.DeepCopyObject().(client.Object)
	if err := c.client.Get(context.Background(), client.ObjectKeyFromObject(object), present); err != nil || present.GetUID() == wanted.GetUID() {
		return err
	}
	if _, pod := object.(*corev1.Pod); pod {
		return invalid(field.NewPath("metadata", "uid"))
	}
	return apierrors.NewConflict(schema.GroupResource{}, object.GetName(), errors.New("another UID"))
}

func invalid(path *field.Path) error {
	return apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "p", field.ErrorList{field.Invalid(path, "x", "no")})
}

// listPage lists pods that have not ended, which is the only field selector in use beside that of listOne, in pages.
func (c *fakeCluster) listPage(ctx context.Context, w client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
	var options client.ListOptions
	options.ApplyOptions(opts)
	if metadata, ok := list.(*metav1.PartialObjectMetadataList); ok {
		return c.listOne(ctx, w, metadata, options)
	}
	pods := list.(*corev1.PodList)
	if err := w.List(ctx, pods, client.InNamespace(options.Namespace), client.MatchingLabelsSelector{Selector: options.LabelSelector}); err != nil {
		return err
	}
	pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return !options.FieldSelector.Matches(labels.Set{"status.phase": string(pod.Status.Phase)})
	})
	begin, _ := strconv.Atoi(options.Continue)
	end := min(begin+int(options.Limit), len(pods.Items))
	if end < len(pods.Items) {
		pods.Continue = strconv.Itoa(end)
	}
	pods.Items = pods.Items[begin:end]
	return nil
}
