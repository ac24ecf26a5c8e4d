package credentials

import (
	"fmt"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// SetIdentity sets the identity that the pod has from now on, or the container whose Keeper it is.
//
// Once it returns, one without an identity gets nothing more. If the identity is another one, what was fetched for the previous one is
// served until there is something for the new one, or until it expires: a mistake in an association harms nobody, and to withdraw
// credentials that SDKs hold in memory anyway would revoke nothing. A document that cannot be read changes nothing.
func (k *Keeper) SetIdentity(r identity.Reading) {
	k.mu.Lock()
	defer k.mu.Unlock()
	associated := r.Identity != contract.Identity{}
	if r.Problem != nil && associated {
		k.log.WithError(r.Problem).Warn("the identity document is invalid: the previous one stays in effect")
	}
	switch {
	case !associated && r.Problem != nil:
		k.clear()
		k.log.WithError(r.Problem).Warn("the identity document is invalid: the pod has no identity")
		reason := fmt.Sprintf("the identity document of this pod is invalid: %v", r.Problem)
		k.publish(newState(true, nil, &Failure{Reason: reason, Verdict: Refused}))
	case !associated:
		k.clear()
		k.log.Info(k.whose() + " has no association")
		k.publish(newState(false, nil, nil))
	case permissions(k.identity) != permissions(r.Identity):
		k.replace(r.Identity)
		k.publish(newState(true, k.Current().response, nil))
	case k.identity != r.Identity:
		// The permissions are the same: what is served stays valid. A new duration takes new credentials.
		renew := k.identity.SessionDuration != r.Identity.SessionDuration
		k.identity = r.Identity
		if renew {
			k.restart()
		}
	}
}

// clear stops fetching. The lock must be held.
func (k *Keeper) clear() {
	k.restart()
	k.epoch++
	k.identity = contract.Identity{}
}

// replace starts fetching for id. The lock must be held.
func (k *Keeper) replace(id contract.Identity) {
	log := k.log.WithField("role", id.RoleARN).WithField("association", id.Association)
	if _, ok := k.Current().Body(k.wall()); ok {
		log = log.WithField("previousUntil", timestamp(k.Current().Expiration()))
	}
	log.Info(k.whose() + " has an association")
	if id.TargetRoleARN != "" && id.SessionDuration > contract.MaxChainedSession {
		k.log.WithField("sessionDuration", time.Duration(id.SessionDuration).String()).
			Warn("STS limits the session of a target role to one hour: set sessionDuration to 1h or less")
	}
	k.restart()
	k.epoch++
	k.identity = id
}

func (k *Keeper) whose() string {
	if k.container != "" {
		return "the container"
	}
	return "the pod"
}

// restart cancels the fetch in progress and makes another one due. The lock must be held.
func (k *Keeper) restart() {
	if k.cancelFetch != nil {
		k.cancelFetch()
	}
	k.generation++
	k.due, k.failures, k.refusedSince = deadline{}, 0, time.Time{}
	k.Wake()
}

// permissions are the fields of an identity that decide what its credentials permit.
func permissions(id contract.Identity) contract.Identity {
	id.Association, id.SessionDuration = "", 0
	return id
}
