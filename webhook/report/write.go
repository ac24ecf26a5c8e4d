package report

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// write patches the status, and says in an event what is new in it.
func (r *Reporter) write(ctx context.Context, a *v1alpha1.PodIdentityAssociation, after v1alpha1.PodIdentityAssociationStatus) error {
	// The UID keeps it from another association of the same name.
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": a.UID}, "status": after})
	if err != nil {
		return fmt.Errorf("encode the status of PodIdentityAssociation %s: %w", a.Name, err)
	}
	target := &v1alpha1.PodIdentityAssociation{}
	target.Name = a.Name
	err = r.client.Status().Patch(ctx, target, client.RawPatch(types.MergePatchType, text), client.FieldOwner(contract.FieldManager))
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		// Gone, or replaced by one whose own event comes.
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the status of PodIdentityAssociation %s: %w", a.Name, err)
	}
	r.announce(a, ready(a.Status.Conditions), ready(after.Conditions))
	return nil
}

func ready(conditions []metav1.Condition) metav1.Condition {
	if condition := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); condition != nil {
		return *condition
	}
	return metav1.Condition{}
}

// announce makes an event of a fault that is new and of one that is mended; that all is well from the start is none.
func (r *Reporter) announce(a *v1alpha1.PodIdentityAssociation, before, after metav1.Condition) {
	if before.Reason == after.Reason {
		return
	}
	switch {
	case after.Status == metav1.ConditionFalse:
		r.events.Eventf(a, nil, corev1.EventTypeWarning, after.Reason, "Resolve", "%s", after.Message)
	case before.Status == metav1.ConditionFalse:
		r.events.Eventf(a, nil, corev1.EventTypeNormal, after.Reason, "Resolve", "%s", after.Message)
	}
}
