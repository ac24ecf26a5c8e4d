package controller

import (
	"context"
	"fmt"
	"strings"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// outdatedPods tells of pods whose association restricts them by a field that their sidecar is too old to know. Such a sidecar serves
// nothing, and only the owner of the pod can change that.
type outdatedPods struct {
	identities *association.Index
	reminders  *reminders
	log        logrus.FieldLogger
}

// report creates the events of the outdated pods among all pods.
func (o *outdatedPods) report(ctx context.Context, pods []*corev1.Pod) {
	o.reminders.forget()
	for _, pod := range pods {
		unknown := unknownTo(pod, identitiesOf(pod, o.identities))
		if len(unknown) > 0 {
			o.announce(ctx, pod, unknown)
		}
	}
}

func (o *outdatedPods) announce(ctx context.Context, pod *corev1.Pod, unknown []string) {
	err := o.reminders.remind(ctx, pod, eventsv1.Event{
		Type: corev1.EventTypeWarning, Reason: "Outdated", Action: "Resolve",
		Note: fmt.Sprintf("the association of this pod sets %s, which its sidecar is too old to know and therefore serves no credentials: create the pod again",
			strings.Join(unknown, " and ")),
	})
	if err != nil {
		o.log.WithError(err).WithField("namespace", pod.Namespace).WithField("pod", pod.Name).Warn("an outdated pod has no event")
	}
}

// unknownTo are those of the critical fields of the identities that the sidecar of a pod does not know.
func unknownTo(pod *corev1.Pod, identities contract.Identities) []string {
	critical := identities.Critical()
	if len(critical) == 0 {
		return nil
	}
	return contract.Unknown(critical, strings.Split(criticalKnown(pod), ","))
}

// criticalKnown is what the webhook that injected the pod wrote down of its sidecar. No container of a pod can be changed so later.
func criticalKnown(pod *corev1.Pod) string {
	for _, container := range pod.Spec.InitContainers {
		for _, variable := range container.Env {
			if container.Name == contract.ContainerName && variable.Name == contract.EnvCriticalFields {
				return variable.Value
			}
		}
	}
	return ""
}
