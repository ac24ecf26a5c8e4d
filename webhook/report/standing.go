package report

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// standing is all that the status of an association tells of.
type standing struct {
	// winner is the association that always wins over it, or "".
	winner string
	// unusable is what is wrong with its spec, or nil.
	unusable error
	pods     pods
}

// status is what the association shall say; transition times of conditions that stay as they are stay too.
func (s standing) status(a *v1alpha1.PodIdentityAssociation) v1alpha1.PodIdentityAssociationStatus {
	after := v1alpha1.PodIdentityAssociationStatus{ObservedGeneration: a.Generation, Pods: s.pods.count}
	for _, condition := range a.Status.Conditions {
		after.Conditions = append(after.Conditions, *condition.DeepCopy())
	}
	for _, condition := range []metav1.Condition{s.ready(), s.conflicted()} {
		condition.ObservedGeneration = a.Generation
		meta.SetStatusCondition(&after.Conditions, condition)
	}
	return after
}

func (s standing) ready() metav1.Condition {
	no := func(reason, message string, values ...any) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: fmt.Sprintf(message, values...)}
	}
	switch {
	case s.unusable != nil:
		return no(v1alpha1.ReasonUnusable, "%v: correct it", s.unusable)
	case s.winner != "":
		return no(v1alpha1.ReasonConflicted, "PodIdentityAssociation %s selects the same and is older, so it is used: delete one of the two", s.winner)
	case s.pods.waiting > 0:
		return no(v1alpha1.ReasonNoCredentials, "%d of %d pods have had no credentials for over %s: `kubectl describe pod --namespace %s %s` shows the reason",
			s.pods.waiting, s.pods.count, patience, s.pods.example.Namespace, s.pods.example.Name)
	}
	message := "no living pod has this identity yet"
	if s.pods.count > 0 {
		message = fmt.Sprintf("%d living pods have this identity", s.pods.count)
	}
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInEffect, Message: message}
}

func (s standing) conflicted() metav1.Condition {
	if s.winner == "" {
		return metav1.Condition{Type: v1alpha1.ConditionConflicted, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNoConflict, Message: "no older association selects the same"}
	}
	return metav1.Condition{Type: v1alpha1.ConditionConflicted, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonConflicted, Message: "PodIdentityAssociation " + s.winner + " wins"}
}
