package association_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	fakesource "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

// source is what the API server has of one kind. It can lose events and be unreachable.
type source struct {
	*fakesource.FakeControllerSource
	unreachable atomic.Bool
	// unserved is whether the API server knows no such kind.
	unserved atomic.Bool
}

func newSource() *source { return &source{FakeControllerSource: fakesource.NewFakeControllerSource()} }

// IsWatchListSemanticsUnSupported has the informer list and then watch.
func (*source) IsWatchListSemanticsUnSupported() bool { return true }

func (s *source) List(options metav1.ListOptions) (runtime.Object, error) {
	if s.unreachable.Load() {
		return nil, errors.New("the API server is unreachable")
	}
	if s.unserved.Load() {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, "")
	}
	return s.FakeControllerSource.List(options)
}

func (s *source) Watch(options metav1.ListOptions) (watch.Interface, error) {
	if s.unserved.Load() {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, "")
	}
	return s.FakeControllerSource.Watch(options)
}

// interrupt breaks the watch, and waits until the informer has listed and watches again.
func (s *source) interrupt() {
	s.ResetWatch()
	time.Sleep(time.Minute)
}

// cluster is watched by a real cache; only the transport to the API server is a fake.
type cluster struct {
	t                                         *testing.T
	associations, serviceAccounts, namespaces *source
	counted                                   association.Annotations
	definitions                               *definitions
	definition                                *association.Definition
	metrics                                   *prometheus.Registry
	cache                                     cache.Cache
	changes                                   association.Changes
	mu                                        sync.Mutex
	notified                                  []association.Pattern
	index                                     *association.Index
	synced                                    func() bool
	logged                                    *logrustest.Hook
}

// inCluster runs a test in a bubble of synctest, with the cache started after before.
func inCluster(t *testing.T, before func(*cluster), test func(*cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, associations: newSource(), serviceAccounts: newSource(), namespaces: newSource(), counted: association.AllAnnotations, definitions: newDefinitions(), metrics: prometheus.NewRegistry()}
		before(c)
		ctx, stop := context.WithCancel(t.Context())
		c.watch(ctx)
		ended := make(chan error)
		go func() { ended <- c.cache.Start(ctx) }()
		synctest.Wait()
		test(c)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		c.associations.Shutdown()
		c.serviceAccounts.Shutdown()
		c.namespaces.Shutdown()
	})
}

func (c *cluster) watch(ctx context.Context) {
	c.t.Helper()
	log, logged := logrustest.NewNullLogger()
	c.logged = logged
	definition, err := association.NewDefinition(&rest.Config{Host: "http://api-server", Transport: c.definitions}, c.metrics, log)
	if err != nil {
		c.t.Fatal(err)
	}
	c.definition = definition
	c.cache = c.newCache()
	c.changes.Subscribe(func(namespaces association.Pattern) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.notified = append(c.notified, namespaces)
	})
	index, associations, err := association.Watch(ctx, c.cache, definition, &c.changes, log)
	if err != nil {
		c.t.Fatal(err)
	}
	roles, err := association.WatchRoles(ctx, c.cache, index, c.counted, &c.changes, log)
	if err != nil {
		c.t.Fatal(err)
	}
	c.index, c.synced = index, func() bool { return associations() && roles() }
}

func (c *cluster) newCache() cache.Cache {
	c.t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		c.t.Fatal(err)
	}
	kind := v1alpha1.GroupVersion().WithKind("PodIdentityAssociation")
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(kind, meta.RESTScopeRoot)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ServiceAccount"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	byObject := association.Watched()
	for object, options := range association.WatchedRoles() {
		byObject[object] = options
	}
	all, err := cache.New(&rest.Config{}, cache.Options{
		Scheme: scheme, Mapper: mapper, ByObject: byObject,
		// The default one pauses by the time since the last error of the process, which is not that of the bubble.
		DefaultWatchErrorHandler: func(context.Context, *toolscache.Reflector, error) {},
		NewInformer: func(_ toolscache.ListerWatcher, object runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			if _, ok := object.(*v1alpha1.PodIdentityAssociation); ok {
				return c.definition.NewInformer(c.associations, object, resync, indexers)
			}
			if object.GetObjectKind().GroupVersionKind().Kind == "Namespace" {
				return toolscache.NewSharedIndexInformer(c.namespaces, object, resync, indexers)
			}
			return toolscache.NewSharedIndexInformer(c.serviceAccounts, object, resync, indexers)
		},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// expect waits until every event has arrived, and then requires the role of account, "" for none, and the namespaces that were
// notified since it was last called.
func (c *cluster) expect(role string, notified ...association.Pattern) {
	c.t.Helper()
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	identity, ok := c.index.Identity(account)
	if identity.RoleARN != role || ok != (role != "") {
		c.t.Errorf("the role is %q, not %q", identity.RoleARN, role)
	}
	if !slices.Equal(c.notified, notified) {
		c.t.Errorf("notified are %q, not %q", c.notified, notified)
	}
	c.notified = nil
}
