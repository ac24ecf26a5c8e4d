package missed

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// page is how many pods are in memory at once.
const page = 100

// remind is when an event is made again: events live for an hour where nobody has set another time.
const remind = 50 * time.Minute

// sweep counts the missed pods of a namespace, and tells each of them.
func (s *Sweeper) sweep(ctx context.Context, namespace, label string) (count int, err error) {
	without, err := labels.NewRequirement(contract.LabelInjected, selection.NotEquals, []string{"true"})
	if err != nil {
		return 0, fmt.Errorf("select pods that are not injected: %w", err)
	}
	living := fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
	)
	s.forget()
	for token := ""; ; {
		var pods corev1.PodList
		err := s.Reader.List(ctx, &pods, client.InNamespace(namespace), client.Limit(page), client.Continue(token),
			client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*without)}, client.MatchingFieldsSelector{Selector: living})
		if err != nil {
			return 0, fmt.Errorf("list the pods of namespace %s that are not injected: %w", namespace, err)
		}
		for i := range pods.Items {
			if pod := &pods.Items[i]; s.missed(pod, label) {
				count++
				s.tell(pod, label)
			}
		}
		if token = pods.Continue; token == "" {
			return count, nil
		}
	}
}

// missed tells whether the webhook would inject the pod if it were created now.
func (s *Sweeper) missed(pod *corev1.Pod, label string) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	input := inject.Input{Pod: pod, Namespace: pod.Namespace, Mode: label}
	input.Identity, input.Associated = s.Identities.Identity(association.ServiceAccount{Namespace: pod.Namespace, Name: input.ServiceAccount()})
	return inject.Decide(input, s.Settings).Injects()
}

// forget drops what was said so long ago that it is to be said again, or that the pod is gone.
func (s *Sweeper) forget() {
	for uid, last := range s.told {
		if time.Since(last) >= remind {
			delete(s.told, uid)
		}
	}
}

func (s *Sweeper) tell(pod *corev1.Pod, label string) {
	if _, told := s.told[pod.UID]; told {
		return
	}
	s.told[pod.UID] = time.Now()
	s.Events.Eventf(pod, nil, corev1.EventTypeWarning, "NotInjected", "Inject",
		"this pod has no sidecar and gets no AWS credentials from it, though its namespace has the label %s=%s: "+
			"it is older than the label or the association, or was created while the webhook was away; create it again", contract.LabelInject, label)
}
