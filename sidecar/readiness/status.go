// Package readiness asks the running sidecar how its pod stands, for the kubelet's hook and probe: whoever waits is told
// why.
package readiness

// Path is where the sidecar tells its Status, and WaitParameter the query parameter that says for how long it may hold the
// answer back while the state is Pending.
const (
	Path          = "/v1/ready"
	WaitParameter = "wait"
)

// State is how a pod stands.
type State string

// The states.
const (
	// Available is a pod with credentials.
	Available State = "available"
	// Unassociated is a pod that has no role, and waits for nothing.
	Unassociated State = "unassociated"
	// Pending is a pod whose credentials may come by themselves.
	Pending State = "pending"
	// Refused is a pod whose credentials STS refuses until somebody changes something.
	Refused State = "refused"
)

// Status is what the sidecar tells of its pod.
type Status struct {
	State State `json:"state"`
	// Reason is a sentence where the pod has no credentials. It holds no secret.
	Reason string `json:"reason,omitempty"`
}

// Ready tells whether the pod has all that it can have: credentials, or no association.
func (s Status) Ready() bool {
	return s.State == Available || s.State == Unassociated
}

// Settled tells whether there is nothing to wait for.
func (s Status) Settled() bool {
	return s.State != Pending
}
