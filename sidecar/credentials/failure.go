package credentials

import (
	"errors"
	"time"
)

// Verdict is what a failure means for the next attempt.
type Verdict int

// The verdicts, from the one that passes soonest.
const (
	// Transient needs no action: an outage, the network, a token about to be renewed.
	Transient Verdict = iota
	// Throttled asks for fewer calls.
	Throttled
	// Provisional is a refusal that may end once IAM has propagated a new role or policy. It becomes Refused if it lasts.
	Provisional
	// Refused lasts until somebody changes something.
	Refused
)

// Failure says why there are no new credentials.
type Failure struct {
	// Reason is one line for people: what the source answered, if it did, and what to do. It holds no secret.
	Reason string
	// Verdict is what the failure means for the next attempt.
	Verdict Verdict
	// RetryAfter is how long the source asked to wait before the next attempt, or zero.
	RetryAfter time.Duration
}

// Error returns the Reason.
func (f *Failure) Error() string {
	return f.Reason
}

// asFailure takes an error without a verdict for transient, so that it is retried.
func asFailure(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return &Failure{Reason: err.Error(), Verdict: Transient}
}
