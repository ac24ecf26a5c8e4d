package process

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// NewInformer makes the informers of a cache.
type NewInformer = func(toolscache.ListerWatcher, runtime.Object, time.Duration, toolscache.Indexers) toolscache.SharedIndexInformer

// NewManager builds a manager that elects no leader, survives an outage of the API server and opens no port. Watched limits what
// its cache holds of each type; newInformer is as in cache.Options.
func NewManager(kubernetes *rest.Config, watched map[client.Object]cache.ByObject, newInformer NewInformer, log *logrus.Logger) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("build the scheme: %w", err)
	}
	mgr, err := ctrl.NewManager(kubernetes, ctrl.Options{
		Scheme:         scheme,
		MapperProvider: newMapper,
		Logger:         logrusr.New(log),
		Cache:          cache.Options{ByObject: watched, DefaultTransform: cache.TransformStripManagedFields(), NewInformer: newInformer},
		// An API server that is away for longer would end the process, which helps nobody.
		Controller:             config.Controller{CacheSyncTimeout: 24 * time.Hour},
		HealthProbeBindAddress: "0",
		Metrics:                metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	return mgr, nil
}

// newMapper knows what an association is while its definition is missing as well: a process that had to wait for that would answer no
// probe, and the kubelet would start it again more and more rarely.
func newMapper(kubernetes *rest.Config, client *http.Client) (meta.RESTMapper, error) {
	associations := meta.NewDefaultRESTMapper(nil)
	associations.Add(v1alpha1.GroupVersion().WithKind("PodIdentityAssociation"), meta.RESTScopeRoot)
	all, err := apiutil.NewDynamicRESTMapper(kubernetes, client)
	return meta.FirstHitRESTMapper{MultiRESTMapper: meta.MultiRESTMapper{associations, all}}, err
}

// ReadyWhen is a readiness check that fails with reason until done returns true.
func ReadyWhen(done func() bool, reason string) healthz.Checker {
	return func(*http.Request) error {
		if done() {
			return nil
		}
		return errors.New(reason)
	}
}
