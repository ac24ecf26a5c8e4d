package controller

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/association"
)

// definitionInterval is the time between two looks at what this replica knows of the definition.
const definitionInterval = time.Second

// definitionReporter reports in events that the definition of associations is gone, and that it is back.
type definitionReporter struct {
	state  func() association.DefinitionState
	events eventCreator
	log    logrus.FieldLogger
}

// run reports until ctx is done. The next leader repeats no event, since there is one of each for a definition.
func (r definitionReporter) run(ctx context.Context) {
	reported := r.state()
	reported.Missing = false // it may have been deleted before this term
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		state := r.state()
		if state == reported {
			return
		}
		if _, err := r.events.create(ctx, definition(state), time.Unix(0, 0), definitionEvent(state)); err != nil {
			if ctx.Err() == nil {
				r.log.WithError(err).Warn("the definition of associations has changed without an event")
			}
			return
		}
		reported = state
	}, definitionInterval)
}

// definition is the one that was last there: while it is being deleted, kubectl describe shows its event.
func definition(state association.DefinitionState) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
		ObjectMeta: metav1.ObjectMeta{Name: association.DefinitionName, UID: state.UID},
	}
}

func definitionEvent(state association.DefinitionState) eventsv1.Event {
	if state.Missing {
		return eventsv1.Event{
			Type: corev1.EventTypeWarning, Reason: "DefinitionMissing", Action: "KeepIdentities",
			Note: "The definition of associations is deleted, and all associations with it. Pods keep the identities that were known. Apply the definition again, and then the associations.",
		}
	}
	return eventsv1.Event{
		Type: corev1.EventTypeNormal, Reason: "DefinitionBack", Action: "KeepIdentities",
		Note: "The definition of associations is there again. Apply the associations again too: those that are missing after ten minutes are dropped.",
	}
}
