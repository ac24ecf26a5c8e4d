package controller

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/association"
)

// unreadyThreshold is how long a pod may be without credentials before its association is said not to be ready: a role or
// a trust policy that was made a moment ago takes AWS a while, and the kubelet asks a sidecar every 30 seconds.
const unreadyThreshold = time.Minute

// usage is the pods that have the identity of one association.
type usage struct {
	pods int32
	// unready of them have had no credentials for longer than unreadyThreshold; example is one of these.
	unready int32
	example *corev1.Pod
	// failing of them have had credentials and get no new ones; what one of these says is its trouble.
	failing        int32
	failingExample *corev1.Pod
	trouble        string
}

// usageByAssociation counts the pods by the names of the associations whose identities they have. Said is what the sidecar of a pod says of
// a trouble.
func usageByAssociation(pods []*corev1.Pod, identities *association.Index, unready func(*corev1.Pod) bool, said func(*corev1.Pod) string) map[string]usage {
	all := map[string]usage{}
	for _, pod := range pods {
		unready, sentence := unready(pod), said(pod)
		ids := identitiesOf(pod, identities)
		for name, containers := range byAssociation(ids) {
			trouble, concerned := concerning(sentence, containers, ids.RoleARN != "")
			if awaitingCredentials(pod) {
				trouble = ""
			}
			all[name] = all[name].with(pod, unready && concerned, trouble)
		}
	}
	return all
}

func (u usage) with(pod *corev1.Pod, unready bool, trouble string) usage {
	u.pods++
	if unready {
		u.unready++
		u.example = first(u.example, pod)
	}
	if trouble != "" {
		u.failing++
		if u.failingExample = first(u.failingExample, pod); u.failingExample == pod {
			u.trouble = trouble
		}
	}
	return u
}

// first is always the same one of several pods, or the status would change without end.
func first(example, pod *corev1.Pod) *corev1.Pod {
	if example == nil || cmp.Or(cmp.Compare(pod.Namespace, example.Namespace), cmp.Compare(pod.Name, example.Name)) < 0 {
		return pod
	}
	return example
}

// waitingSince is since when pods have been without credentials.
type waitingSince map[types.UID]time.Time

// update returns which of the pods are without credentials now, and since when: as before, or else since first.
func (w waitingSince) update(pods []*corev1.Pod, first func(*corev1.Pod) time.Time) waitingSince {
	next := waitingSince{}
	for _, pod := range pods {
		if !awaitingCredentials(pod) {
			continue
		}
		since, seen := w[pod.UID]
		if !seen {
			since = first(pod)
		}
		next[pod.UID] = since
	}
	return next
}

// unready returns a function that reports whether a pod has been without credentials for longer than unreadyThreshold.
func (w waitingSince) unready(now time.Time) func(*corev1.Pod) bool {
	return func(pod *corev1.Pod) bool {
		since, waiting := w[pod.UID]
		return waiting && now.Sub(since) > unreadyThreshold
	}
}
