package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/reference"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// eventCreator creates events whose names follow from what they report, so that the API server knows which of them exist.
// client-go's recorder gives each a new name: every new leader would repeat them. To read them first, or to count
// repetitions in a series, would take more rights than to create.
type eventCreator struct {
	client client.Client
	// instance is the name of this replica.
	instance string
}

// create creates an event about an object; since when its reason holds tells two with the same reason apart. It is false,
// without an error, where the event exists.
func (c eventCreator) create(ctx context.Context, about client.Object, since time.Time, e eventsv1.Event) (created bool, err error) {
	regarding, err := reference.GetReference(c.client.Scheme(), about)
	if err != nil {
		return false, fmt.Errorf("name the object of an event: %w", err)
	}
	e.ObjectMeta = metav1.ObjectMeta{
		Namespace: about.GetNamespace(),
		Name:      fmt.Sprintf("%s.%s.%x", strings.ToLower(e.Reason), about.GetUID(), since.Unix()),
	}
	if e.Namespace == "" {
		e.Namespace = metav1.NamespaceDefault
	}
	e.EventTime = metav1.NowMicro()
	e.ReportingController, e.ReportingInstance = contract.ContainerName, c.instance
	e.Regarding = *regarding
	err = c.client.Create(ctx, &e)
	if apierrors.IsAlreadyExists(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("create event %s of %s: %w", e.Reason, about.GetName(), err)
	}
	return true, nil
}

// remindInterval is after how long an event is created again: events live for an hour where nobody has set another time.
const remindInterval = time.Hour

// reminders are events about pods that are created again while what they tell lasts.
type reminders struct {
	events eventCreator
	// created is when a pod got its event. It only saves requests: the API server knows which events exist.
	created map[types.UID]time.Time
}

func newReminders(events eventCreator) *reminders {
	return &reminders{events: events, created: map[types.UID]time.Time{}}
}

// forget drops the events that may have expired.
func (r *reminders) forget() {
	for uid, at := range r.created {
		if time.Since(at) >= remindInterval {
			delete(r.created, uid)
		}
	}
}

// remind creates the event of a pod, unless this leader has done so lately.
func (r *reminders) remind(ctx context.Context, pod *corev1.Pod, e eventsv1.Event) error {
	if _, lately := r.created[pod.UID]; lately {
		return nil
	}
	created, err := r.events.create(ctx, pod, pod.CreationTimestamp.Time, e)
	if created {
		r.created[pod.UID] = time.Now()
	}
	return err
}
