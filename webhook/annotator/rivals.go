package annotator

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// longestTruce bounds how long another writer's words stand.
	longestTruce = time.Minute
	// peace is how long after the last write a pod's rivals are forgotten.
	peace = 10 * time.Minute
)

// annotations are those that we write.
type annotations struct {
	identity, status, authCA string
}

// rivals remembers what was written to which pod, so that another writer that insists is answered less and less often. A
// person who edits an annotation once is corrected at once, and a change of ours never waits.
type rivals struct {
	mu     sync.Mutex
	writes map[types.UID]written
}

type written struct {
	what  annotations
	at    time.Time
	times int
}

// truce is how long to wait before what is written to the pod.
func (r *rivals) truce(pod types.UID, what annotations) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	last, known := r.writes[pod]
	if !known || last.what != what || last.times < 2 {
		return 0
	}
	wait := min(time.Second<<min(last.times-2, 6), longestTruce)
	return max(0, wait-time.Since(last.at))
}

// wrote notes a write.
func (r *rivals) wrote(pod types.UID, what annotations) {
	r.mu.Lock()
	defer r.mu.Unlock()
	times := 1
	if last := r.writes[pod]; last.what == what && time.Since(last.at) <= peace {
		times = last.times + 1
	}
	r.writes[pod] = written{what: what, at: time.Now(), times: times}
}

// gone forgets a pod that is no more.
func (r *rivals) gone(pod types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.writes, pod)
}
