package credentials

import (
	"errors"
	"time"
)

// Verdict is what a failure means for the next attempt.
type Verdict int

// The verdicts, from the one that passes soonest.
const (
	// Transient passes by itself: an outage, a network, a token about to be renewed.
	Transient Verdict = iota
	// Throttled asks for fewer calls.
	Throttled
	// Doubtful is a refusal that a role made seconds ago gets as well, until IAM knows it everywhere. It becomes Refused
	// when it lasts.
	Doubtful
	// Refused lasts until somebody changes something.
	Refused
)

// Failure is why there are no new credentials.
type Failure struct {
	// Reason is one line for people, STS's own words where it gave any, with what to do and without a secret.
	Reason string
	// Verdict is what the failure means for the next attempt.
	Verdict Verdict
	// RetryAfter is how long STS asked to be left alone; zero where it did not.
	RetryAfter time.Duration
}

// Error is the Reason.
func (f *Failure) Error() string {
	return f.Reason
}

// asFailure takes an error that a source could not judge as one that passes: to give up is never right.
func asFailure(err error) *Failure {
	if failure, ok := errors.AsType[*Failure](err); ok {
		return failure
	}
	return &Failure{Reason: err.Error(), Verdict: Transient}
}
