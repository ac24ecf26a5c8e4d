package credentials

import (
	"context"
	"time"

	"github.com/podidentity/podidentity/contract"
)

const (
	// patience bounds one attempt. STS answers within a second or not at all.
	patience = 10 * time.Second
	// propagation is how long IAM may take to know a new role everywhere; refusals count as final after it.
	propagation = 10 * time.Second
	// largeBody is the length of an answer, in bytes, above which the log warns; clients of the AWS CRT refuse one of
	// 10,000 (README, rule 23).
	largeBody = 8_000
	// defaultLife is what STS gives where no duration is asked for.
	defaultLife = time.Hour
)

// fetch makes one attempt and publishes its outcome, unless the identity has changed meanwhile.
func (k *Keeper) fetch(ctx context.Context) {
	attempt, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	id, turn, ok := k.begin(cancel)
	if !ok {
		return
	}
	fetched, err := k.source.Fetch(attempt, id)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.abandon = nil
	if turn != k.turn || ctx.Err() != nil {
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

// begin takes what to fetch for, and leaves the means to abandon it.
func (k *Keeper) begin(cancel context.CancelFunc) (id contract.Identity, turn int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.wanted {
		return contract.Identity{}, 0, false
	}
	k.abandon = cancel
	return k.identity, k.turn, true
}

// succeed publishes a set. The lock must be held.
func (k *Keeper) succeed(fetched Credentials, id contract.Identity, now time.Time) {
	onSchedule := k.Current().answer != nil && k.attempts == 0 && !k.plan.made.IsZero()
	// Measured from here and bounded by what was asked for: a node whose clock is late would take the set to live longer
	// than it does.
	life := min(fetched.Expiration.Sub(now), lifeAsked(id))
	wait := refreshAfter(life, onSchedule, fraction())
	k.plan, k.attempts, k.doubted = newPlan(now, wait), 0, time.Time{}
	next := newAnswer(fetched)
	k.publish(newState(true, next, nil))
	k.log.WithField("expires", timestamp(fetched.Expiration)).WithField("refresh_in", wait.Round(time.Second).String()).
		Info("fetched credentials")
	if size := len(next.exact.Bytes); size > largeBody {
		k.log.WithField("bytes", size).Warnf("the answer has more than %d bytes, and some clients take no more than 10000: "+
			"shorten the session tags or the policy", largeBody)
	}
}

// fail publishes why there is no new set; the old one stays until it expires. The lock must be held.
func (k *Keeper) fail(failure *Failure, now time.Time) {
	k.attempts++
	if failure.Verdict == Doubtful {
		failure = k.doubt(failure)
	}
	wait := retryAfter(failure, k.attempts, fraction())
	k.plan = newPlan(now, wait)
	k.publish(newState(true, k.Current().answer, failure))
	k.log.WithField("attempt", k.attempts).WithField("retry_in", wait.Round(time.Millisecond).String()).Warn(failure.Reason)
}

// doubt takes a refusal as final once it has lasted. The lock must be held.
func (k *Keeper) doubt(failure *Failure) *Failure {
	if k.doubted.IsZero() {
		k.doubted = time.Now()
	}
	if time.Since(k.doubted) < propagation {
		return failure
	}
	lasting := *failure
	lasting.Verdict = Refused
	return &lasting
}

func lifeAsked(id contract.Identity) time.Duration {
	if id.SessionDuration == 0 {
		return defaultLife
	}
	return time.Duration(id.SessionDuration)
}
