package readiness

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// Reporter reports the Status of the pod. Whether the pod has started it remembers in a file, since what the container does
// later, or a restart of it, must not make a pod unready that works. Its methods may be called from any goroutine.
type Reporter struct {
	sets    *credentials.Sets
	wall    func() time.Time
	file    string
	log     logrus.FieldLogger
	started atomic.Bool
}

// NewReporter makes a Reporter that remembers in file. Wall is the clock of the node: time.Now, except in tests.
func NewReporter(sets *credentials.Sets, wall func() time.Time, file string, log logrus.FieldLogger) *Reporter {
	r := &Reporter{sets: sets, wall: wall, file: file, log: log}
	r.started.Store(isMarked(file))
	return r
}

// Run waits until the pod has started, and remembers that.
func (r *Reporter) Run(ctx context.Context) {
	if !r.Await(ctx, nil, func(s Status) bool { return s.Started }).Started {
		return
	}
	if err := mark(r.file); err != nil {
		r.log.WithError(err).Warn("cannot remember that the pod has started: after a restart of this container it is unready until it has credentials")
	}
}

// Await returns the Status as soon as until is true of it, or else when ctx is done or stop is closed.
func (r *Reporter) Await(ctx context.Context, stop <-chan struct{}, until func(Status) bool) Status {
	for {
		changed := r.sets.Changed()
		status := r.Status()
		if until(status) {
			return status
		}
		select {
		case <-ctx.Done():
			return status
		case <-stop:
			return status
		case <-changed:
		}
	}
}

// Status returns the Status of this moment. The pod is pending if any set of credentials is, or else refused if any is. What is said of
// several sets is in the order of Sets.States.
func (r *Reporter) Status() Status {
	now, all := r.wall(), r.sets.States()
	status := Status{State: Unassociated}
	var reasons, troubles []string
	for _, set := range all {
		state := stateOf(set, now)
		status.State = status.State.and(state)
		status.Failing = status.Failing || set.Failing()
		if state == Pending || state == Refused {
			reasons = append(reasons, set.Reason())
		}
		if trouble := set.Trouble(now); trouble != "" {
			troubles = append(troubles, trouble)
		}
	}
	if status.State == Unassociated {
		reasons = []string{all[0].Reason()}
	}
	status.Reason, status.Trouble = join(reasons), join(troubles)
	if status.hasAll() {
		r.started.Store(true)
	}
	status.Started = r.started.Load()
	return status
}

func stateOf(set *credentials.State, now time.Time) State {
	_, ok := set.Body(now)
	switch {
	case ok:
		return Available
	case !set.Associated():
		return Unassociated
	case set.Refused():
		return Refused
	default:
		return Pending
	}
}

// maxJoined bounds, in bytes, what is said of several sets. The note of an event may have 1024, of which the kubelet's own words take
// some 70.
const maxJoined = 900

func join(sentences []string) string {
	joined := strings.Join(sentences, "; ")
	if len(sentences) > 1 && len(joined) > maxJoined {
		return strings.ToValidUTF8(joined[:maxJoined], "") + "…"
	}
	return joined
}
