package check

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/inject"
)

// fewNamespaces is up to how many labelled namespaces each is asked for its pods; of more, all pods of the cluster are.
const fewNamespaces = 20

// namespaces are the labelled ones, with their pods that were not injected.
func (l looker) namespaces(ctx context.Context, i *cluster.Installation, identities *cluster.Identities) ([]namespaceLabel, error) {
	var list metav1.PartialObjectMetadataList
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
	if err := l.client.List(ctx, &list, client.HasLabels{contract.LabelInject}); err != nil {
		return nil, fmt.Errorf("list the labelled namespaces: %w", err)
	}
	excluded := map[string]bool{}
	for _, name := range inject.ExcludedNamespaces(i.Namespace) {
		excluded[name] = true
	}
	at := map[string]int{}
	var all []namespaceLabel
	for _, namespace := range list.Items {
		if !excluded[namespace.Name] {
			at[namespace.Name] = len(all)
			all = append(all, namespaceLabel{name: namespace.Name, value: namespace.Labels[contract.LabelInject]})
		}
	}
	visit := func(pod *corev1.Pod) {
		if n, labelled := at[pod.Namespace]; labelled && shouldBeInjected(pod, all[n].value, i, identities) {
			all[n].uninjected.add(pod)
		}
	}
	scopes := []string{""}
	if len(all) <= fewNamespaces {
		scopes = nil
		for _, l := range all {
			scopes = append(scopes, l.name)
		}
	}
	for _, scope := range scopes {
		if err := l.eachUninjected(ctx, scope, visit); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// eachUninjected calls visit with the pods that lack our label and have not ended.
func (l looker) eachUninjected(ctx context.Context, namespace string, visit func(*corev1.Pod)) error {
	without, err := labels.NewRequirement(contract.LabelInjected, selection.NotEquals, []string{"true"})
	if err != nil {
		return fmt.Errorf("select pods without our label: %w", err)
	}
	running := fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
	)
	return cluster.EachPod(ctx, l.client, visit, client.InNamespace(namespace),
		client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*without)}, client.MatchingFieldsSelector{Selector: running})
}

// shouldBeInjected reports whether the webhook would inject the pod if it were created now. One that it has left alone says so itself.
func shouldBeInjected(pod *corev1.Pod, label string, i *cluster.Installation, identities *cluster.Identities) bool {
	if _, asked := pod.Annotations[contract.AnnotationStatus]; asked || pod.DeletionTimestamp != nil {
		return false
	}
	input := inject.Input{Pod: pod, Namespace: pod.Namespace, Mode: label}
	input.Identities = identities.Of(pod)
	return inject.Decide(input, i.Config.Injection).Injects()
}
