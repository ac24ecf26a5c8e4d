package report

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/webhook/injected"
)

// pods are those that have the identity of one association.
type pods struct {
	count int32
	// waiting of them have had no credentials for longer than patience; example is one of these.
	waiting int32
	example *corev1.Pod
}

// living are the pods among the objects of a cache of pods that live.
func living(objects []any) []*corev1.Pod {
	var all []*corev1.Pod
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok && injected.Lives(pod) {
			all = append(all, pod)
		}
	}
	return all
}

// count sorts the pods by the name of the association whose identity they have.
func count(all []*corev1.Pod, identities Identities, impatient func(*corev1.Pod) bool) map[string]pods {
	counted := map[string]pods{}
	for _, pod := range all {
		identity, associated := identities.Identity(injected.Account(pod))
		if !associated || identity.Association == "" {
			continue
		}
		counted[identity.Association] = counted[identity.Association].with(pod, impatient(pod))
	}
	return counted
}

func (p pods) with(pod *corev1.Pod, impatient bool) pods {
	p.count++
	if !impatient {
		return p
	}
	p.waiting++
	// Always the same one, or the status would change without end.
	if p.example == nil || strings.Compare(pod.Namespace+"/"+pod.Name, p.example.Namespace+"/"+p.example.Name) < 0 {
		p.example = pod
	}
	return p
}
