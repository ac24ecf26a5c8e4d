package credentials

import (
	"context"
	"time"

	"github.com/podidentity/podidentity/contract"
)

const (
	// fetchTimeout bounds one attempt. STS answers within a second or not at all.
	fetchTimeout = 10 * time.Second
	// iamPropagation is how long IAM may take to propagate a new role. A provisional refusal that lasts longer is final.
	iamPropagation = 10 * time.Second
	// largeBody is the size of a response, in bytes, above which the log warns. Clients of the AWS CRT refuse one of 10,000
	// (README, rule 23).
	largeBody = 8_000
	// defaultSessionDuration is what STS gives if no duration is requested.
	defaultSessionDuration = time.Hour
)

// fetch makes one attempt and publishes its outcome, unless the identity has changed meanwhile. It first waits until few enough others run.
func (k *Keeper) fetch(ctx context.Context) {
	select {
	case k.slots <- struct{}{}:
		defer func() { <-k.slots }()
	case <-ctx.Done():
		return
	}
	attempt, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	id, generation := k.begin(cancel)
	if id == (contract.Identity{}) {
		return
	}
	fetched, err := k.source.Fetch(attempt, id)
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation != k.generation || ctx.Err() != nil {
		return
	}
	now := k.wall()
	if err == nil {
		err = fetched.check(now)
	}
	if err != nil {
		k.fail(asFailure(err), now)
		return
	}
	k.succeed(fetched, id, now)
}

// begin returns the identity to fetch for, and lets SetIdentity cancel the fetch.
func (k *Keeper) begin(cancel context.CancelFunc) (id contract.Identity, generation int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cancelFetch = cancel
	return k.identity, k.generation
}

// succeed publishes new credentials. The lock must be held.
func (k *Keeper) succeed(fetched Credentials, id contract.Identity, now time.Time) {
	onSchedule := k.Current().response != nil && k.failures == 0 && !k.due.isZero()
	// The requested duration is the limit: on a node whose clock is behind, the credentials seem to live longer than they do.
	life := min(fetched.Expiration.Sub(now), requestedDuration(id))
	wait := refreshAfter(life, onSchedule, fraction())
	k.due, k.failures, k.refusedSince = newDeadline(now, wait), 0, time.Time{}
	next := newResponse(fetched, k.epoch)
	k.publish(newState(true, next, nil))
	k.log.WithField("expires", timestamp(fetched.Expiration)).WithField("refreshIn", wait.Round(time.Second).String()).
		Info("fetched credentials")
	if size := len(next.exact.Bytes); size > largeBody {
		k.log.WithField("bytes", size).Warnf("the response has more than %d bytes, and some clients refuse 10000 or more: "+
			"shorten the session tags or the policy", largeBody)
	}
}

// fail publishes why there are no new credentials. The old ones stay until they expire. The lock must be held.
func (k *Keeper) fail(failure *Failure, now time.Time) {
	if k.failures == 0 {
		k.failingSince = time.Now()
	}
	k.failures++
	lasts := time.Since(k.failingSince)
	if failure.Verdict == Provisional || failure.Verdict == Refused {
		failure, lasts = k.finalIfLasting(failure)
	}
	wait := retryAfter(failure, k.failures, lasts, fraction())
	k.due = newDeadline(now, wait)
	next := newState(true, k.Current().response, failure)
	next.failingSince = k.failingSince
	k.publish(next)
	k.log.WithField("attempt", k.failures).WithField("retryIn", wait.Round(time.Millisecond).String()).Warn(failure.Reason)
}

// finalIfLasting turns a provisional refusal that lasts into a final one. The lock must be held.
func (k *Keeper) finalIfLasting(failure *Failure) (final *Failure, lasts time.Duration) {
	if k.refusedSince.IsZero() {
		k.refusedSince = time.Now()
	}
	lasts = time.Since(k.refusedSince)
	if lasts < iamPropagation {
		return failure, lasts
	}
	refused := *failure
	refused.Verdict = Refused
	return &refused, lasts
}

func requestedDuration(id contract.Identity) time.Duration {
	if id.SessionDuration == 0 {
		return defaultSessionDuration
	}
	return time.Duration(id.SessionDuration)
}
