package controller

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/contract"
)

// epoch is since when a pod is what it is. Warnings from before do not concern it.
type epoch struct {
	identity string
	waiting  bool
	since    time.Time
}

// epochs are those of all pods that a leader has seen. Of a pod that it sees first, every warning counts.
type epochs map[types.UID]epoch

// update returns the epochs of the pods now: a pod that gets its first credentials or another identity begins a new one.
func (e epochs) update(pods []*corev1.Pod, now time.Time) epochs {
	next := epochs{}
	for _, pod := range pods {
		is := epoch{identity: pod.Annotations[contract.AnnotationIdentity], waiting: awaitingCredentials(pod)}
		was, seen := e[pod.UID]
		switch {
		case seen && was.identity == is.identity && was.waiting == is.waiting:
			is.since = was.since
		case seen:
			is.since = now
		}
		next[pod.UID] = is
	}
	return next
}

// said returns a function that says what trouble a pod is in, "" for none.
func (e epochs) said(all map[podKey]trouble) func(*corev1.Pod) string {
	return func(pod *corev1.Pod) string {
		if last := all[keyOf(pod)]; last.at.After(e[pod.UID].since) {
			return last.sentence
		}
		return ""
	}
}
