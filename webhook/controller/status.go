package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

const (
	// debounce is how long changes are collected: a rollout must not write a status for every pod.
	debounce = 2 * time.Second
	// recheckInterval bounds the time to the next reconciliation, because a pod that waits changes nothing.
	recheckInterval = 30 * time.Second
	// statusWriters is how many statuses are written at once.
	statusWriters = 4
)

// allAssociations is the one request of a statusReporter: a pod or an association concerns the status of any other.
type allAssociations struct{}

// statusReporter writes the status of every association.
type statusReporter struct {
	client       client.Client
	associations association.List
	pods         podStore
	troubles     troubleStore
	identities   *association.Index
	settings     inject.Settings
	events       eventCreator
	fleet        *fleet
	outdated     *outdatedPods
	log          logrus.FieldLogger
	// waiting is nil before the first reconciliation of this leader.
	waiting waitingSince
	epochs  epochs
}

func (c *Controller) newStatusReporter(pods podStore, troubles troubleStore) (*statusReporter, error) {
	writer, err := c.newClient()
	events := eventCreator{writer, c.hostname}
	return &statusReporter{
		client: writer, associations: c.options.Associations, pods: pods, troubles: troubles, identities: c.options.Identities, settings: c.options.Injection,
		events: events, fleet: c.fleet, log: c.options.Log,
		outdated: &outdatedPods{identities: c.options.Identities, reminders: newReminders(events), log: c.options.Log},
	}, err
}

func (r *statusReporter) sources(informers cache.Cache, changes *association.Changes) []source.TypedSource[allAssociations] {
	type queue = workqueue.TypedRateLimitingInterface[allAssociations]
	enqueue := func(q queue) { q.AddAfter(allAssociations{}, debounce) }
	pods := source.TypedKind(informers, &corev1.Pod{}, handler.TypedFuncs[*corev1.Pod, allAssociations]{
		CreateFunc: func(_ context.Context, _ event.TypedCreateEvent[*corev1.Pod], q queue) { enqueue(q) },
		UpdateFunc: func(_ context.Context, _ event.TypedUpdateEvent[*corev1.Pod], q queue) { enqueue(q) },
		DeleteFunc: func(_ context.Context, _ event.TypedDeleteEvent[*corev1.Pod], q queue) { enqueue(q) },
	})
	changed := subscription(changes, func(_ association.Pattern, q queue) { enqueue(q) })
	initial := source.TypedFunc[allAssociations](func(_ context.Context, q queue) error {
		q.Add(allAssociations{})
		return nil
	})
	return []source.TypedSource[allAssociations]{pods, changed, initial}
}

// Reconcile writes every status that is not what it should be.
func (r *statusReporter) Reconcile(ctx context.Context, _ allAssociations) (reconcile.Result, error) {
	if !r.troubles.read() {
		return reconcile.Result{RequeueAfter: debounce / 10}, nil
	}
	all, now, pods := r.associations(), time.Now(), r.pods.all()
	r.outdated.report(ctx, pods)
	r.waiting = r.waiting.update(pods, r.waitingFrom(all, now))
	r.epochs = r.epochs.update(pods, now)
	said := r.troubles.byPod(now)
	used := usageByAssociation(pods, r.identities, r.waiting.unready(now), r.epochs.said(said))
	found := r.census(pods, r.epochs.said(said))
	failures := make([]error, len(all))
	var writes errgroup.Group
	writes.SetLimit(statusWriters)
	for i, a := range all {
		outcome := outcome{winner: r.identities.Winner(a.Name), invalid: association.Check(a), usage: used[a.Name], settings: r.settings}
		status := outcome.status(a)
		found.ready[a.Name] = ready(status).Status == metav1.ConditionTrue
		if ctx.Err() != nil || equality.Semantic.DeepEqual(a.Status, status) {
			continue
		}
		writes.Go(func() error {
			failures[i] = r.write(ctx, a, status)
			return nil
		})
	}
	r.fleet.count(found)
	if err := errors.Join(writes.Wait(), errors.Join(failures...)); err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: recheckInterval}, nil
}

// waitingFrom returns a function that tells since when a pod waits that was not seen waiting before. That is now; but at
// its first reconciliation a new leader goes on from what the associations say, for which the last leader has waited.
func (r *statusReporter) waitingFrom(all []*v1alpha1.PodIdentityAssociation, now time.Time) func(*corev1.Pod) time.Time {
	if r.waiting != nil {
		return func(*corev1.Pod) time.Time { return now }
	}
	reported := map[string]time.Time{}
	for _, a := range all {
		if condition := ready(a.Status); condition.Reason == v1alpha1.ReasonNoCredentials {
			reported[a.Name] = condition.LastTransitionTime.Add(-unreadyThreshold)
		}
	}
	return func(pod *corev1.Pod) time.Time {
		first := now
		for name := range byAssociation(identitiesOf(pod, r.identities)) {
			if since, found := reported[name]; found && since.Before(first) {
				first = since
			}
		}
		if first != now && pod.CreationTimestamp.After(first) {
			return pod.CreationTimestamp.Time
		}
		return first
	}
}

// write patches the status, and reports in an event what is new in it.
func (r *statusReporter) write(ctx context.Context, a *v1alpha1.PodIdentityAssociation, status v1alpha1.PodIdentityAssociationStatus) error {
	// The UID keeps it from another association of the same name.
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": a.UID}, "status": status})
	if err != nil {
		return fmt.Errorf("encode the status of PodIdentityAssociation %s: %w", a.Name, err)
	}
	target := &v1alpha1.PodIdentityAssociation{ObjectMeta: metav1.ObjectMeta{Name: a.Name}}
	err = r.client.Status().Patch(ctx, target, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(contract.FieldManager))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		// Gone, or replaced by one whose own event comes.
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the status of PodIdentityAssociation %s: %w", a.Name, err)
	}
	if e, announce := transition(ready(a.Status), ready(status)); announce {
		r.announce(ctx, a, e)
	}
	if e, announce := sharedTarget(a, status); announce {
		r.announce(ctx, a, e)
	}
	return nil
}

func (r *statusReporter) announce(ctx context.Context, a *v1alpha1.PodIdentityAssociation, e eventsv1.Event) {
	if _, err := r.events.create(ctx, a, time.Now(), e); err != nil {
		r.log.WithError(err).WithField("association", a.Name).Warn("the status of an association has changed without an event")
	}
}

func ready(status v1alpha1.PodIdentityAssociationStatus) metav1.Condition {
	return condition(status, v1alpha1.ConditionReady)
}

func condition(status v1alpha1.PodIdentityAssociationStatus, name string) metav1.Condition {
	if found := meta.FindStatusCondition(status.Conditions, name); found != nil {
		return *found
	}
	return metav1.Condition{}
}
