package readiness

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// Reporter reports the Status of the pod. Whether the pod has started it remembers in a file, since what the container does
// later, or a restart of it, must not make a pod unready that works. Its methods may be called from any goroutine.
type Reporter struct {
	current func() *credentials.State
	wall    func() time.Time
	file    string
	log     logrus.FieldLogger
	started atomic.Bool
}

// NewReporter makes a Reporter that remembers in file. Wall is the clock of the node: time.Now, except in tests.
func NewReporter(current func() *credentials.State, wall func() time.Time, file string, log logrus.FieldLogger) *Reporter {
	r := &Reporter{current: current, wall: wall, file: file, log: log}
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
		state := r.current()
		status := r.status(state)
		if until(status) {
			return status
		}
		select {
		case <-ctx.Done():
			return status
		case <-stop:
			return status
		case <-state.Replaced():
		}
	}
}

// Status returns the Status of this moment.
func (r *Reporter) Status() Status {
	return r.status(r.current())
}

func (r *Reporter) status(state *credentials.State) Status {
	now := r.wall()
	status := Status{State: Pending, Reason: state.Reason(), Failing: state.Failing(), Trouble: state.Trouble(now)}
	_, ok := state.Body(now)
	switch {
	case ok:
		status.State, status.Reason = Available, ""
	case !state.Associated():
		status.State = Unassociated
	case state.Refused():
		status.State = Refused
	}
	if status.hasAll() {
		r.started.Store(true)
	}
	status.Started = r.started.Load()
	return status
}
