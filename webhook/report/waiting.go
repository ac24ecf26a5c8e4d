package report

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/webhook/injected"
)

// patience is how long a pod may be without credentials before its association is said not to be ready: a role or a trust
// policy that was made a moment ago takes AWS a while, and the kubelet asks a sidecar every 30 seconds.
const patience = time.Minute

// waiting is since when a pod has been seen without credentials.
type waiting map[types.UID]time.Time

// at is who waits now, of all that live.
func (w waiting) at(now time.Time, living []*corev1.Pod) waiting {
	next := waiting{}
	for _, pod := range living {
		if !injected.Waits(pod) {
			continue
		}
		next[pod.UID] = now
		if since, waited := w[pod.UID]; waited {
			next[pod.UID] = since
		}
	}
	return next
}

// impatient tells of a pod whether it has waited longer than patience.
func (w waiting) impatient(now time.Time) func(*corev1.Pod) bool {
	return func(pod *corev1.Pod) bool {
		since, waits := w[pod.UID]
		return waits && now.Sub(since) > patience
	}
}
