package credentials

import "time"

// The reasons if there are no credentials and no failure.
const (
	noAssociation = "no PodIdentityAssociation gives an IAM role to this pod's service account: create one"
	notYet        = "the first credentials are being fetched: try again"
	expired       = "the credentials have expired and new ones are being fetched: try again"
)

// troubleAfter is how long a refresh may fail before anybody is told.
const troubleAfter = time.Minute

// State is what the Keeper knows at one moment. It never changes, but is replaced by another one.
type State struct {
	// container is whose it is, or empty for that of the pod.
	container  string
	associated bool
	response   *response
	failure    *Failure
	// failingSince is when the first of the failures in a row came.
	failingSince time.Time
}

func newState(associated bool, r *response, failure *Failure) *State {
	return &State{associated: associated, response: r, failure: failure}
}

// without is the same state where nothing has been fetched yet.
func (s *State) without() *State {
	bare := *s
	bare.response = nil
	return &bare
}

// Body returns the response at that moment. It is not ok if there are no credentials that still work.
func (s *State) Body(now time.Time) (body *Body, ok bool) {
	if s.response == nil || !s.response.credentials.usable(now) {
		return nil, false
	}
	// While fetches fail, the exact expiration is better: clients then use the credentials to their end.
	if s.failure == nil && s.response.credentials.Expiration.Sub(now) >= earlyExpiryMinLife {
		return &s.response.early, true
	}
	return &s.response.exact, true
}

// Expiration is when the credentials expire, or zero if there are none.
func (s *State) Expiration() time.Time {
	if s.response == nil {
		return time.Time{}
	}
	return s.response.credentials.Expiration
}

// Associated reports whether the pod has an association.
func (s *State) Associated() bool {
	return s.associated
}

// Refused reports whether the source refuses credentials, or the identity document is invalid, until somebody changes something.
func (s *State) Refused() bool {
	return s.failure != nil && s.failure.Verdict == Refused
}

// Failing reports whether the last fetch failed, other than by throttling.
func (s *State) Failing() bool {
	return s.failure != nil && s.failure.Verdict != Throttled
}

// Trouble is the Reason if something is wrong, and empty otherwise. While there are credentials that still work, a failure that a
// retry may end is no trouble before it has lasted.
func (s *State) Trouble(now time.Time) string {
	if s.failure == nil {
		return ""
	}
	if _, ok := s.Body(now); ok && !s.Refused() && time.Since(s.failingSince) < troubleAfter {
		return ""
	}
	return s.Reason()
}

// Reason is one sentence that says why there are no credentials, and what to do. It names the container if it is not about the pod.
func (s *State) Reason() string {
	if s.container != "" {
		return "container " + s.container + ": " + s.reason()
	}
	return s.reason()
}

func (s *State) reason() string {
	switch {
	case s.failure != nil:
		return s.failure.Reason
	case !s.associated:
		return noAssociation
	case s.response != nil:
		return expired
	default:
		return notYet
	}
}
