// Package missed finds pods that should have been injected and were not, because they are older than the label of their
// namespace or were created while the webhook was away. They run without credentials, and only a person can mend that.
package missed

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// period is how often a namespace is looked at, besides at every change of it. A watch of all pods that are not injected
// would hear of one sooner, and would hold most pods of the cluster in memory.
const period = 5 * time.Minute

// Identities says which identity a service account has now.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
}

// Config says what is looked at, and how. All fields are required.
type Config struct {
	// Reader reads pods from the API server, not from a cache.
	Reader     client.Reader
	Identities Identities
	// Settings are those of the injection.
	Settings inject.Settings
	// Excluded are the namespaces that the webhook is never called for.
	Excluded []string
	Events   events.EventRecorder
	Missed   *prometheus.GaugeVec
	Log      logrus.FieldLogger
}

// NewGauge is the metric that a Sweeper sets, by namespace.
func NewGauge() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "podidentity_missed_pods",
		Help: "Living pods that should have been injected and were not, as the leading replica last saw them: create them again.",
	}, []string{"namespace"})
}

// Sweeper looks through the labelled namespaces, one after the other.
type Sweeper struct {
	Config

	excluded sets.Set[string]
	queue    workqueue.TypedRateLimitingInterface[string]
	store    toolscache.Store
	told     map[types.UID]time.Time
}

// New returns a sweeper that has looked at nothing yet.
func New(c Config) *Sweeper {
	limiter := workqueue.DefaultTypedControllerRateLimiter[string]()
	return &Sweeper{
		Config: c, excluded: sets.New(c.Excluded...), queue: workqueue.NewTypedRateLimitingQueue(limiter), told: map[types.UID]time.Time{},
	}
}

// Watch follows the namespaces in the cache, which the caller has narrowed by Watched and starts afterwards.
func (s *Sweeper) Watch(ctx context.Context, informers cache.Informers) error {
	informer, err := informers.GetInformer(ctx, namespaces(), cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch namespaces: %w", err)
	}
	shared, ok := informer.(toolscache.SharedInformer)
	if !ok {
		return fmt.Errorf("watch namespaces: the informer is a %T, without a store", informer)
	}
	s.store = shared.GetStore()
	look := func(object any) {
		key, err := toolscache.DeletionHandlingMetaNamespaceKeyFunc(object)
		if err != nil {
			s.Log.WithError(err).Error("a namespace without a name")
			return
		}
		s.queue.Add(key)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: look, UpdateFunc: func(_, object any) { look(object) }, DeleteFunc: look,
	})
	if err != nil {
		return fmt.Errorf("watch namespaces: %w", err)
	}
	return nil
}

// Run works until ctx is done, and then takes back what it has measured: another replica does so now.
func (s *Sweeper) Run(ctx context.Context) {
	defer s.Missed.Reset()
	defer context.AfterFunc(ctx, s.queue.ShutDown)()
	for s.next(ctx) {
	}
}

// next looks at one namespace; it is false when there will be no more.
func (s *Sweeper) next(ctx context.Context) bool {
	namespace, shutdown := s.queue.Get()
	if shutdown {
		return false
	}
	defer s.queue.Done(namespace)
	label, labelled := s.label(namespace)
	if !labelled {
		s.Missed.DeleteLabelValues(namespace)
		return true
	}
	count, err := s.sweep(ctx, namespace, label)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.Log.WithError(err).WithField("namespace", namespace).Warn("pods that were not injected are not counted")
		s.queue.AddRateLimited(namespace)
	default:
		s.Missed.WithLabelValues(namespace).Set(float64(count))
		s.queue.Forget(namespace)
		s.queue.AddAfter(namespace, wait.Jitter(period, 0.2))
	}
	return true
}

// label is the value of the injection label of a namespace that the webhook is called for.
func (s *Sweeper) label(namespace string) (value string, labelled bool) {
	object, exists, err := s.store.GetByKey(namespace)
	if err != nil || !exists || s.excluded.Has(namespace) {
		return "", false
	}
	return object.(*metav1.PartialObjectMetadata).Labels[contract.LabelInject], true
}
