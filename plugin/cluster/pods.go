package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// EachInjected calls visit with the pods that are active, of a namespace, or of all where it is "".
func EachInjected(ctx context.Context, c client.Reader, namespace string, visit func(*corev1.Pod)) error {
	active := func(pod *corev1.Pod) {
		if Active(pod) {
			visit(pod)
		}
	}
	return EachPod(ctx, c, active, client.InNamespace(namespace), client.MatchingLabels{contract.LabelInjected: "true"})
}

// EachPod calls visit with the pods that the options choose. It holds one page of them at a time.
func EachPod(ctx context.Context, c client.Reader, visit func(*corev1.Pod), options ...client.ListOption) error {
	var page corev1.PodList
	err := eachPage(ctx, c, &page, func() {
		for i := range page.Items {
			visit(&page.Items[i])
		}
		page.Items = nil
	}, options...)
	if err != nil {
		return fmt.Errorf("list the pods: %w", err)
	}
	return nil
}

// Active reports whether a pod has our sidecar, or a token of its own, and has not ended: the pods that have an identity.
func Active(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed &&
		(inject.HasSidecar(pod) || inject.HasWebIdentity(pod))
}

// ServiceAccount is that of a pod.
func ServiceAccount(pod *corev1.Pod) association.ServiceAccount {
	return association.ServiceAccount{Namespace: pod.Namespace, Name: inject.Input{Pod: pod}.ServiceAccount()}
}

// Of are the identities that a pod should have.
func (i *Identities) Of(pod *corev1.Pod) contract.Identities {
	return i.Index.Identities(ServiceAccount(pod), inject.Containers(pod)).For(pod.Labels)
}
