package credentials

import (
	"fmt"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// chainedLife is the longest session that STS gives to a role assumed by a role.
const chainedLife = time.Hour

// Assign tells which identity the pod has from now on.
//
// When Assign returns, credentials of another authority are no longer served: an association that is taken away, or points to
// another role or a narrower policy, must not leave the old permissions with whoever asks next. Requests of the moment
// between are held, so a change costs no error while STS answers. A document that cannot be read changes nothing.
func (k *Keeper) Assign(r identity.Reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if r.Problem != nil {
		k.log.WithError(r.Problem).WithField("associated", r.Associated).
			Warn("the identity document is damaged: what it said before still holds")
	}
	switch {
	case !r.Associated && r.Problem != nil:
		k.forget()
		reason := fmt.Sprintf("the identity document of this pod is damaged: %v", r.Problem)
		k.publish(newState(true, nil, &Failure{Reason: reason, Verdict: Refused}))
	case !r.Associated:
		k.forget()
		k.log.Info("the pod has no association")
		k.publish(newState(false, nil, nil))
	case !k.wanted || authority(k.identity) != authority(r.Identity):
		k.forget()
		k.adopt(r.Identity)
		k.publish(newState(true, nil, nil))
	case k.identity != r.Identity:
		// Same authority: what is served stays good, and at most the duration asks for another set.
		renew := k.identity.SessionDuration != r.Identity.SessionDuration
		k.identity = r.Identity
		if renew {
			k.restart()
		}
	}
}

// forget ends everything done for the identity so far. The lock must be held.
func (k *Keeper) forget() {
	k.restart()
	k.wanted, k.identity = false, contract.Identity{}
}

// restart gives up the fetch under way and makes another one due. The lock must be held.
func (k *Keeper) restart() {
	if k.abandon != nil {
		k.abandon()
	}
	k.turn++
	k.plan, k.attempts, k.doubted = plan{}, 0, time.Time{}
	k.Nudge()
}

// adopt has credentials fetched for id. The lock must be held.
func (k *Keeper) adopt(id contract.Identity) {
	k.log.WithField("role", id.RoleARN).WithField("association", id.Association).Info("the pod has an association")
	if id.TargetRoleARN != "" && time.Duration(id.SessionDuration) > chainedLife {
		k.log.WithField("sessionDuration", time.Duration(id.SessionDuration).String()).
			Warn("STS gives a role assumed by a role one hour at most: set sessionDuration to 1h or less")
	}
	k.identity, k.wanted = id, true
}

// authority is what of an identity decides what its credentials permit.
func authority(id contract.Identity) contract.Identity {
	id.Association, id.SessionDuration = "", 0
	return id
}
