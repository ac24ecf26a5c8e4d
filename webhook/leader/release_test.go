package leader_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

func TestALeaderThatWasStoppedDoesNotReleaseTheLeaseOfTheNextOne(t *testing.T) {
	inBubble(t, func(r *replicas) {
		api := &resumable{lease: r.lease}
		config := r.config()
		config.Transport = api
		stop := r.startWith(config, r.work("a"))
		time.Sleep(10 * time.Second)
		r.take(replica, 15)
		api.stopped.Store(true)
		time.Sleep(10 * time.Second)
		if api.stopped.Load() || r.holder() != replica || r.working() != "" {
			r.t.Errorf("%q holds the lease, %q works, stopped %t", r.holder(), r.working(), api.stopped.Load())
		}
		stop()
	})
}

// resumable is the API server as a process reaches it that is stopped when it renews, and goes on when it gives up and releases.
type resumable struct {
	*lease
	stopped  atomic.Bool
	renewing bool
}

// RoundTrip implements http.RoundTripper. An elector whose renewal has failed reads the Lease as a part of the same attempt.
func (s *resumable) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.stopped.Load() {
		attempt := r.Method == http.MethodPut || s.renewing
		s.renewing = r.Method == http.MethodPut
		if attempt {
			return nil, errors.New("the process was stopped meanwhile")
		}
		s.stopped.Store(false)
	}
	return s.lease.RoundTrip(r)
}
