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
		identities, sentence := identitiesOf(pod, r.identities), said(pod)
		outside := identities.RoleARN == "" && r.identities.Refusal(serviceAccount(pod)) != ""
		state := stateOf(pod, !identities.IsZero(), outside, unknownTo(pod, identities), sentence)
		add(found.namespaces, pod.Namespace, state)
		for name, containers := range byAssociation(identities) {
			of := state
			told, concerned := concerning(sentence, containers, identities.RoleARN != "")
			switch {
			case state == stateOutdated || state == stateNotRunning:
			case !concerned:
				of = stateWithCredentials
			case told != "":
				of = stateOf(pod, true, false, nil, told)
			}
			add(found.associations, name, of)
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
