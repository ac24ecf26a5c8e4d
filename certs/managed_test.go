package certs

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	fakesource "k8s.io/client-go/tools/cache/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// managed is a rotator that a real manager runs by real watches; the API server behind them is controller-runtime's fake.
type managed struct {
	*cluster
	*Rotator
	secrets, configurations *fakesource.FakeControllerSource
	// refusing has the API server refuse to create anything.
	refusing atomic.Bool
}

// inManager runs a test in a bubble of synctest, while the manager runs.
func inManager(t *testing.T, test func(m *managed)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m := &managed{cluster: newCluster(t), secrets: fakesource.NewFakeControllerSource(), configurations: fakesource.NewFakeControllerSource()}
		m.Rotator = NewRotator(Config{
			Secret: types.NamespacedName{Namespace: namespace, Name: secret}, Target: WebhookConfigurations{webhooks}, Propagation: propagation,
			DNSNames: names, CAValidity: year, LeafValidity: week,
		}, newRotator(Config{}, nil).log)
		mgr := m.newManager()
		if err := m.SetupWithManager(mgr); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- mgr.Start(ctx) }()
		test(m)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		m.secrets.Shutdown()
		m.configurations.Shutdown()
	})
}

// client writes to the fake API server, and sends the event of each write to the watches.
func (m *managed) client() client.Client {
	written := func(ctx context.Context, c client.Client, key client.ObjectKey, live client.Object, source *fakesource.FakeControllerSource) error {
		if err := c.Get(ctx, key, live); err != nil {
			return err
		}
		source.Modify(live)
		return nil
	}
	inner := m.Client.(client.WithWatch)
	return interceptor.NewClient(inner, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			if m.refusing.Load() {
				return errors.New("the API server is unreachable")
			}
			if err := c.Create(ctx, object, options...); err != nil {
				return err
			}
			return written(ctx, c, client.ObjectKeyFromObject(object), &corev1.Secret{}, m.secrets)
		},
		Apply: func(ctx context.Context, c client.WithWatch, object runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			if err := c.Apply(ctx, object, options...); err != nil {
				return err
			}
			return written(ctx, c, client.ObjectKey{Name: webhooks}, &admissionv1.MutatingWebhookConfiguration{}, m.configurations)
		},
	})
}

func (m *managed) newManager() manager.Manager {
	m.t.Helper()
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	mapper.Add(admissionv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration"), meta.RESTScopeRoot)
	mgr, err := ctrl.NewManager(&rest.Config{}, ctrl.Options{
		Scheme: clientgoscheme.Scheme, Logger: logr.Discard(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller:     config.Controller{SkipNameValidation: new(true)},
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return mapper, nil },
		NewClient:      func(*rest.Config, client.Options) (client.Client, error) { return m.client(), nil },
		Cache: cache.Options{
			ByObject: Watched(m.config),
			NewInformer: func(_ toolscache.ListerWatcher, object runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
				if _, ok := object.(*corev1.Secret); ok {
					return toolscache.NewSharedIndexInformer(m.secrets, object, resync, indexers)
				}
				return toolscache.NewSharedIndexInformer(m.configurations, object, resync, indexers)
			},
		},
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return mgr
}

// await lets the rotator work until it has nothing more to do for a while.
func (m *managed) await() {
	time.Sleep(2 * propagation)
	synctest.Wait()
}

// mustServe requires a leaf that the live configuration trusts.
func (m *managed) mustServe() {
	m.t.Helper()
	if err := m.Ready(nil); err != nil {
		m.t.Fatal(err)
	}
	leaf, err := m.Certificate(nil)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, webhook := range m.configuration().Webhooks {
		if err := verify(leaf.Leaf, webhook.ClientConfig.CABundle, time.Now()); err != nil {
			m.t.Errorf("%s: %v", webhook.Name, err)
		}
	}
	if expiry := m.Expiry(); !expiry.Leaf.Equal(leaf.Leaf.NotAfter) || !expiry.CA.After(expiry.Leaf) {
		m.t.Errorf("expiry is %v", expiry)
	}
}
