// Package annotator keeps the identity of running pods true: a change of the associations reaches every pod that it
// concerns, whichever came first.
package annotator

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// workers is how many namespaces are worked on at once.
const workers = 4

// settle is the pause between two turns of a namespace, in which the watch brings back what the first has written.
const settle = 100 * time.Millisecond

// Identities says which identity a service account has now.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
}

// Annotator writes the annotations that a sidecar reads. Its queue holds namespaces, not pods: each turn of a namespace is short, so
// that one of thousands of pods lets the others pass.
type Annotator struct {
	client     client.Client
	identities Identities
	authCA     func() string
	log        logrus.FieldLogger
	queue      workqueue.TypedRateLimitingInterface[string]
	pods       toolscache.Indexer
	rivals     rivals
}

// New returns an annotator that writes through the client. Identities must know all there is already: who knows no
// association yet would take every pod's identity away. AuthCA tells the authorities by which the auth service is known; while
// they are empty, pods keep what they have.
func New(c client.Client, identities Identities, authCA func() string, log logrus.FieldLogger) *Annotator {
	limiter := workqueue.DefaultTypedControllerRateLimiter[string]()
	return &Annotator{
		client: c, identities: identities, authCA: authCA, log: log, queue: workqueue.NewTypedRateLimitingQueue(limiter),
		rivals: rivals{writes: map[types.UID]written{}},
	}
}

// Watch follows the pods in the cache, which the caller has narrowed by injected.Watched and starts afterwards: each one that
// it brings is looked at.
func (a *Annotator) Watch(ctx context.Context, informers cache.Informers) error {
	informer, err := informers.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	look := func(object any) {
		if pod, ok := object.(*corev1.Pod); ok && a.stale(pod) {
			a.queue.AddAfter(pod.Namespace, a.patience(pod))
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    look,
		UpdateFunc: func(_, object any) { look(object) },
		DeleteFunc: func(object any) {
			if pod, ok := object.(*corev1.Pod); ok {
				a.rivals.gone(pod.UID)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	indexed, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return fmt.Errorf("watch pods: the informer is a %T, without an index", informer)
	}
	a.pods = indexed.GetIndexer()
	return nil
}

// Changed has the pods of the namespaces looked at. It is an association.Changed.
func (a *Annotator) Changed(namespaces association.Pattern) {
	for _, namespace := range a.pods.ListIndexFuncValues(toolscache.NamespaceIndex) {
		if namespaces.Matches(namespace) {
			a.queue.Add(namespace)
		}
	}
}

// Run works until ctx is done.
func (a *Annotator) Run(ctx context.Context) {
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for a.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	a.queue.ShutDown()
	all.Wait()
}

// next works on one namespace; it is false when there will be no more.
func (a *Annotator) next(ctx context.Context) bool {
	namespace, shutdown := a.queue.Get()
	if shutdown {
		return false
	}
	defer a.queue.Done(namespace)
	more, err := a.annotate(ctx, namespace)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.log.WithError(err).WithField("namespace", namespace).Warn("not every pod has its identity yet")
		a.queue.AddRateLimited(namespace)
	case more:
		a.queue.AddAfter(namespace, settle)
	default:
		a.queue.Forget(namespace)
	}
	return true
}
