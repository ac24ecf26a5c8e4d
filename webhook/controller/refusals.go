package controller

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// refusalReporter tells in events which service accounts name roles that their namespace does not allow, and which namespaces have bounds
// that are malformed. Its requests are namespaces.
type refusalReporter struct {
	events     eventCreator
	identities *association.Index
}

func (r refusalReporter) sources(changes *association.Changes) []source.TypedSource[string] {
	type queue = workqueue.TypedRateLimitingInterface[string]
	enqueue := func(namespaces association.Pattern, q queue) {
		for _, namespace := range r.identities.AllBounded() {
			if namespaces.Matches(namespace) {
				q.Add(namespace)
			}
		}
	}
	first := source.TypedFunc[string](func(_ context.Context, q queue) error {
		enqueue("*", q)
		return nil
	})
	return []source.TypedSource[string]{subscription(changes, enqueue), first}
}

// Reconcile creates the events of a namespace, and creates them again while they hold: events live for an hour.
func (r refusalReporter) Reconcile(ctx context.Context, namespace string) (reconcile.Result, error) {
	var failures []error
	refused := r.identities.RefusedIn(namespace)
	for _, refusal := range refused {
		_, err := r.events.create(ctx, objectOf(refusal), occasion(refusal.Reason), eventsv1.Event{
			Type: corev1.EventTypeWarning, Reason: "RoleRefused", Action: "ReadAnnotation", Note: refusal.Reason,
		})
		failures = append(failures, err)
	}
	if err := errors.Join(failures...); err != nil || len(refused) == 0 {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: remindInterval}, nil
}

func objectOf(refusal association.Refused) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: metav1.ObjectMeta{Namespace: refusal.Account.Namespace, Name: refusal.Account.Name, UID: refusal.UID},
	}
	if refusal.Account.Name == "" {
		object = namespaceMetadata()
		object.Name, object.UID = refusal.Account.Namespace, refusal.UID
	}
	return object
}

// occasion stands for the time since when a reason holds, which no annotation has: two events of one object differ by their reason, and
// the next leader repeats none.
func occasion(reason string) time.Time {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(contract.Domain + reason)) // it never fails
	return time.Unix(int64(hash.Sum32()), 0)
}
