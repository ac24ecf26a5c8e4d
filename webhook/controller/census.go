package controller

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// census is what one look at all injected pods and associations has found.
type census struct {
	// namespaces and associations have the number of their pods in each state.
	namespaces, associations map[string]map[string]int
	// oldest is since when the pod of a namespace awaits credentials that does so for longest.
	oldest map[string]time.Time
	// ready is whether an association is.
	ready map[string]bool
}

// census counts the pods; said is what the sidecar of a pod last said of a trouble. Who calls it adds which associations are ready.
func (r *statusReporter) census(pods []*corev1.Pod, said func(*corev1.Pod) string) census {
	found := census{namespaces: map[string]map[string]int{}, associations: map[string]map[string]int{}, oldest: map[string]time.Time{}, ready: map[string]bool{}}
	for _, pod := range pods {
		identity, associated := r.identities.Identity(serviceAccount(pod))
		outside := !associated && r.identities.Refusal(serviceAccount(pod)) != ""
		state := stateOf(pod, associated, outside, unknownTo(pod, r.outdated.critical(identity)), said(pod))
		add(found.namespaces, pod.Namespace, state)
		if identity.Association != "" {
			add(found.associations, identity.Association, state)
		}
		if since, waits := r.waiting[pod.UID]; waits && state == stateAwaiting {
			found.await(pod.Namespace, since)
		}
	}
	return found
}

func add(pods map[string]map[string]int, name, state string) {
	if pods[name] == nil {
		pods[name] = map[string]int{}
	}
	pods[name][state]++
}

func (c census) await(namespace string, since time.Time) {
	if oldest, is := c.oldest[namespace]; !is || since.Before(oldest) {
		c.oldest[namespace] = since
	}
}
