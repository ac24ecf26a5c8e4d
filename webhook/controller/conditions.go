package controller

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/webhook/inject"
)

// outcome is all that the status of an association reports.
type outcome struct {
	// winner is the association that always takes precedence over it, or "".
	winner string
	// invalid is what is wrong with its spec, or nil.
	invalid error
	usage   usage
	// settings of the webhook name the source of the pods' credentials.
	settings inject.Settings
}

// status is what the association should say; transition times of conditions that stay as they are stay too.
func (o outcome) status(a *v1alpha1.PodIdentityAssociation) v1alpha1.PodIdentityAssociationStatus {
	status := v1alpha1.PodIdentityAssociationStatus{ObservedGeneration: a.Generation, Pods: o.usage.pods}
	for _, condition := range a.Status.Conditions {
		status.Conditions = append(status.Conditions, *condition.DeepCopy())
	}
	for _, condition := range []metav1.Condition{o.ready(), o.conflicted(), sessionVerified(a.Spec, o.settings)} {
		condition.ObservedGeneration = a.Generation
		meta.SetStatusCondition(&status.Conditions, condition)
	}
	return status
}

func (o outcome) ready() metav1.Condition {
	condition := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse}
	switch {
	case o.invalid != nil:
		condition.Reason = v1alpha1.ReasonUnusable
		condition.Message = fmt.Sprintf("%v: correct it", o.invalid)
	case o.winner != "":
		condition.Reason = v1alpha1.ReasonConflicted
		condition.Message = fmt.Sprintf("PodIdentityAssociation %s selects the same pods and is older, so it is used: delete one of the two", o.winner)
	case o.usage.unready > 0:
		condition.Reason = v1alpha1.ReasonNoCredentials
		condition.Message = fmt.Sprintf("%d of %d pods got no credentials for over %s: `kubectl describe pod --namespace %s %s` shows the reason",
			o.usage.unready, o.usage.pods, unreadyThreshold, o.usage.example.Namespace, o.usage.example.Name)
	case o.usage.failing > 0:
		condition.Reason = v1alpha1.ReasonNoNewCredentials
		condition.Message = fmt.Sprintf("%d of %d pods get no new credentials; the sidecar of pod %s/%s says: %s",
			o.usage.failing, o.usage.pods, o.usage.failingExample.Namespace, o.usage.failingExample.Name, o.usage.trouble)
	default:
		condition.Status, condition.Reason = metav1.ConditionTrue, v1alpha1.ReasonInEffect
		condition.Message = o.usage.message()
	}
	return condition
}

func (u usage) message() string {
	switch u.pods {
	case 0:
		return "no pod has this identity yet"
	case 1:
		return "1 pod has this identity"
	}
	return fmt.Sprintf("%d pods have this identity", u.pods)
}

func (o outcome) conflicted() metav1.Condition {
	condition := metav1.Condition{
		Type: v1alpha1.ConditionConflicted, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNoConflict,
		Message: "no older association selects the same pods",
	}
	if o.winner != "" {
		condition.Status, condition.Reason = metav1.ConditionTrue, v1alpha1.ReasonConflicted
		condition.Message = fmt.Sprintf("PodIdentityAssociation %s takes precedence", o.winner)
	}
	return condition
}

// transition is the event of a fault that is new, or of one that is over. An association without a fault needs none.
func transition(before, after metav1.Condition) (e eventsv1.Event, announce bool) {
	e = eventsv1.Event{Type: corev1.EventTypeWarning, Reason: after.Reason, Action: "Resolve", Note: after.Message}
	if after.Status == metav1.ConditionTrue {
		e.Type = corev1.EventTypeNormal
	}
	return e, before.Reason != after.Reason && (after.Status == metav1.ConditionFalse || before.Status == metav1.ConditionFalse)
}
