package credentials

import "time"

// Sentences for a pod without credentials that STS has said nothing about.
const (
	noAssociation = "no PodIdentityAssociation gives an IAM role to this pod's service account: create one"
	notYet        = "the first credentials are being fetched: try again"
	expired       = "the credentials have expired and new ones are being fetched: try again"
)

// State is what is known of the pod's credentials at one moment. It never changes; another one replaces it.
type State struct {
	associated bool
	answer     *answer
	failure    *Failure
	replaced   chan struct{}
}

func newState(associated bool, a *answer, failure *Failure) *State {
	return &State{associated: associated, answer: a, failure: failure, replaced: make(chan struct{})}
}

// Body is the answer to give at now; ok is false where there are no credentials that still work.
func (s *State) Body(now time.Time) (body *Body, ok bool) {
	if s.answer == nil || !s.answer.credentials.usable(now) {
		return nil, false
	}
	// With STS failing, the true expiry is the better news: clients then use the set to its end.
	if s.failure == nil && s.answer.credentials.Expiration.Sub(now) >= longEnough {
		return &s.answer.early, true
	}
	return &s.answer.exact, true
}

// Expiration is when the credentials end, and zero where there are none.
func (s *State) Expiration() time.Time {
	if s.answer == nil {
		return time.Time{}
	}
	return s.answer.credentials.Expiration
}

// Associated tells whether the pod has an association.
func (s *State) Associated() bool {
	return s.associated
}

// Refused tells that STS, or a damaged identity document, refuses credentials until somebody changes something.
func (s *State) Refused() bool {
	return s.failure != nil && s.failure.Verdict == Refused
}

// Reason is one sentence on why there are no credentials, with what to do.
func (s *State) Reason() string {
	switch {
	case s.failure != nil:
		return s.failure.Reason
	case !s.associated:
		return noAssociation
	case s.answer != nil:
		return expired
	default:
		return notYet
	}
}

// Replaced is closed when this State is no longer the current one.
func (s *State) Replaced() <-chan struct{} {
	return s.replaced
}
