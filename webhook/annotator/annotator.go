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

// Annotator writes the identity annotation. Its queue holds namespaces, not pods: each turn of a namespace is short, so
// that one of thousands of pods lets the others pass.
type Annotator struct {
	client     client.Client
	identities Identities
	log        logrus.FieldLogger
	queue      workqueue.TypedRateLimitingInterface[string]
	pods       toolscache.Indexer
	synced     func() bool
}

// New returns an annotator that writes through the client.
func New(c client.Client, log logrus.FieldLogger) *Annotator {
	limiter := workqueue.DefaultTypedControllerRateLimiter[string]()
	return &Annotator{client: c, log: log, queue: workqueue.NewTypedRateLimitingQueue(limiter)}
}

// Watch follows the injected pods in the cache, which the caller starts and narrows by Watched. Identities is asked for
// what each pod should have, but nothing is written before synced: who knows no association yet would take every pod's
// identity away. It must be called before the cache starts.
func (a *Annotator) Watch(ctx context.Context, informers cache.Informers, identities Identities, synced func() bool) error {
	a.identities, a.synced = identities, synced
	informer, err := informers.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	look := func(object any) {
		if pod, ok := object.(*corev1.Pod); ok && a.stale(pod) {
			a.queue.AddAfter(pod.Namespace, premature(pod))
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    look,
		UpdateFunc: func(_, object any) { look(object) },
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

// NeedLeaderElection has one replica write, while all know what there is to write.
func (a *Annotator) NeedLeaderElection() bool { return true }

// Start works until ctx is done. What was queued before, by a replica that was no leader, is worked on now.
func (a *Annotator) Start(ctx context.Context) error {
	if !toolscache.WaitForCacheSync(ctx.Done(), a.synced) {
		return nil // ctx is done
	}
	a.Changed("*")
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
	return nil
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
