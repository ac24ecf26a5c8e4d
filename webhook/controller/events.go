package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
