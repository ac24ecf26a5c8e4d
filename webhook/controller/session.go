package controller

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// sessionVerified tells who chooses the session tags, the session policy and the source identity of an association's pods.
func sessionVerified(spec v1alpha1.PodIdentityAssociationSpec, settings inject.Settings) metav1.Condition {
	condition := metav1.Condition{Type: v1alpha1.ConditionSessionVerified, Status: metav1.ConditionTrue}
	notSent := notSent(spec, settings)
	switch {
	case settings.Source == contract.SourceEKSAuth && notSent != "":
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, v1alpha1.ReasonNotSent, notSent
	case settings.Source == contract.SourceEKSAuth && len(spec.TagLabels) > 0:
		condition.Reason = v1alpha1.ReasonVerifiedByService
		condition.Message = "the service that gives the credentials chooses session tags and session policy, and reads those of tagLabels from the pod, whose labels whoever may create or label pods chooses"
	case settings.Source == contract.SourceEKSAuth:
		condition.Reason = v1alpha1.ReasonVerifiedByService
		condition.Message = "the service that gives the credentials chooses session tags and session policy"
	case spec.Policy != "":
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonPolicyUnverified
		condition.Message = "the pod sends the session policy, so it binds nobody who may create pods with the service account: narrow the role, or use --source=eks-auth"
		if notSent != "" {
			condition.Message += "; " + notSent
		}
	case notSent != "":
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, v1alpha1.ReasonNotSent, notSent
	case spec.TargetRoleARN != "" && !spec.DisableSessionTags:
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonTagsUnverified
		condition.Message = "the pod sends the session tags, so they bind nobody who may create pods with the service account: set disableSessionTags, or use --source=eks-auth"
	case spec.TargetRoleARN != "" && spec.SourceIdentity != "":
		condition.Status, condition.Reason = metav1.ConditionFalse, v1alpha1.ReasonSourceIdentityUnverified
		condition.Message = "the pod sends the source identity, so whoever may create pods with the service account chooses it: use --source=eks-auth"
	default:
		condition.Reason = v1alpha1.ReasonNothingToVerify
		condition.Message = "the session has neither session tags nor a session policy"
	}
	return condition
}

// notSent says that the association asks for a source identity or for tags that nobody sends, and why; "" if it asks for none such.
func notSent(spec v1alpha1.PodIdentityAssociationSpec, settings inject.Settings) string {
	var fields []string
	if spec.SourceIdentity != "" {
		fields = append(fields, "sourceIdentity")
	}
	if len(spec.TagLabels) > 0 {
		fields = append(fields, "tagLabels")
	}
	names := strings.Join(fields, " and ")
	switch {
	case names == "":
		return ""
	case settings.Source == contract.SourceWebIdentity && spec.TargetRoleARN == "":
		return "nothing sends " + names + ", because AssumeRoleWithWebIdentity takes neither: set targetRoleARN, use --source=eks-auth, or remove them"
	case settings.Source == contract.SourceEKSAuth && !settings.NeedsAuthCA():
		return "nothing sends " + names + ", because Amazon's own EKS Auth knows neither: remove them"
	}
	return ""
}

// sharedTarget is the event of an association by which several namespaces or service accounts share a target role that only
// session tags of the pods' own choice tell apart. Each change of its spec can have brought that about, or more of it.
func sharedTarget(a *v1alpha1.PodIdentityAssociation, after v1alpha1.PodIdentityAssociationStatus) (e eventsv1.Event, announce bool) {
	e = eventsv1.Event{Type: corev1.EventTypeWarning, Reason: "TargetRoleShared", Action: "Resolve", Note: fmt.Sprintf(
		"all pods of namespace %s with service account %s share the target role, and can send each other's session tags: give each an association with a role of its own, or use --source=eks-auth",
		a.Spec.Namespace, a.Spec.ServiceAccount)}
	was, is := condition(a.Status, v1alpha1.ConditionSessionVerified), condition(after, v1alpha1.ConditionSessionVerified)
	changed := was.Reason != is.Reason || was.ObservedGeneration != is.ObservedGeneration
	return e, changed && is.Reason == v1alpha1.ReasonTagsUnverified && strings.Contains(a.Spec.Namespace+a.Spec.ServiceAccount, "*")
}
