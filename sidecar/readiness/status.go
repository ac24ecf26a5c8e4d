// Package readiness defines the status that the sidecar reports of its pod, and the client with which the kubelet's hook and
// probe wait for it.
package readiness

// Path is where the sidecar reports its Status. WaitParameter is the query parameter that says for how long it may hold back the
// response while the state is Pending.
const (
	Path          = "/v1/ready"
	WaitParameter = "wait"
)

// State says whether the pod has credentials.
type State string

// The states.
const (
	// Available means that the pod has credentials, and each of its containers that has a role for itself.
	Available State = "available"
	// Unassociated means that neither the pod nor a container of it has a role, and that there is nothing to wait for.
	Unassociated State = "unassociated"
	// Pending means that the pod has no credentials yet, or a container.
	Pending State = "pending"
	// Refused means that the pod, or a container, gets no credentials until somebody changes something.
	Refused State = "refused"
)

// and is the state of two sets of credentials together.
func (s State) and(other State) State {
	for _, worst := range []State{Pending, Refused, Available} {
		if s == worst || other == worst {
			return worst
		}
	}
	return Unassociated
}

// Status is what the sidecar reports of its pod. No field holds a secret.
type Status struct {
	State State `json:"state"`
	// Reason is a sentence that says why the pod has no credentials.
	Reason string `json:"reason,omitempty"`
	// Started is whether the pod has ever had all that it can have: credentials, or no association. It is ready from then on.
	Started bool `json:"started"`
	// Failing is whether the last fetch failed, other than by throttling, which is a queue that moves.
	Failing bool `json:"failing,omitempty"`
	// Trouble is a sentence that says what is wrong, before the start and after it. It is empty where all is well.
	Trouble string `json:"trouble,omitempty"`
}

// hasAll reports whether the pod has all that it can have.
func (s Status) hasAll() bool {
	return s.State == Available || s.State == Unassociated
}
