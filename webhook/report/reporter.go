// Package report tells, in the status and the events of associations, what has become of them.
package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

const (
	// settle is how long changes are collected: a rollout must not write a status for every pod.
	settle = 2 * time.Second
	// recheck bounds the time to the next look, because a pod that waits changes nothing.
	recheck = 30 * time.Second
	// writers is how many statuses are written at once.
	writers = 4
)

// Identities is what the index of associations knows.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
	// Winner is the association that always wins over the one of this name, or "".
	Winner(name string) string
}

// Reporter writes the status of every association, when something changed that it tells of.
type Reporter struct {
	client     client.StatusClient
	reader     client.Reader
	identities Identities
	events     events.EventRecorder
	log        logrus.FieldLogger
	pods       toolscache.Store
	changed    chan struct{}
	waiting    waiting
}

// New returns a reporter that writes through the client. The reader, a cache, has the associations.
func New(c client.StatusClient, reader client.Reader, identities Identities, recorder events.EventRecorder, log logrus.FieldLogger) *Reporter {
	return &Reporter{client: c, reader: reader, identities: identities, events: recorder, log: log, changed: make(chan struct{}, 1)}
}

// Watch follows the pods in the cache, which the caller has narrowed by injected.Watched and starts afterwards.
func (r *Reporter) Watch(ctx context.Context, informers cache.Informers) error {
	informer, err := informers.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	shared, ok := informer.(toolscache.SharedInformer)
	if !ok {
		return fmt.Errorf("watch pods: the informer is a %T, without a store", informer)
	}
	r.pods = shared.GetStore()
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { r.Changed("*") },
		UpdateFunc: func(_, _ any) { r.Changed("*") },
		DeleteFunc: func(any) { r.Changed("*") },
	})
	if err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	return nil
}

// Changed has the statuses looked at, soon. It is an association.Changed.
func (r *Reporter) Changed(association.Pattern) {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Run works until ctx is done. The cache of Watch must be synced: from half of the pods nothing can be told.
func (r *Reporter) Run(ctx context.Context) {
	for {
		if err := r.look(ctx); err != nil && ctx.Err() == nil {
			r.log.WithError(err).Warn("not every association has its status yet")
		}
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		case <-time.After(recheck):
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle):
		}
	}
}

// look writes every status that is not what it should be.
func (r *Reporter) look(ctx context.Context) error {
	var all v1alpha1.PodIdentityAssociationList
	if err := r.reader.List(ctx, &all, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("list the associations: %w", err)
	}
	now := time.Now()
	living := living(r.pods.List())
	r.waiting = r.waiting.at(now, living)
	counted := count(living, r.identities, r.waiting.impatient(now))
	failures := make([]error, len(all.Items))
	var writes errgroup.Group
	writes.SetLimit(writers)
	for i := range all.Items {
		a := &all.Items[i]
		after := r.standing(a, counted[a.Name]).status(a)
		if ctx.Err() != nil || equality.Semantic.DeepEqual(a.Status, after) {
			continue
		}
		writes.Go(func() error {
			failures[i] = r.write(ctx, a, after)
			return nil
		})
	}
	return errors.Join(writes.Wait(), errors.Join(failures...))
}

func (r *Reporter) standing(a *v1alpha1.PodIdentityAssociation, having pods) standing {
	return standing{winner: r.identities.Winner(a.Name), unusable: association.Check(a), pods: having}
}
