package sessions

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/podidentity/podidentity/auth/exception"
)

const (
	// maxQueueWait bounds the wait of a call for the rate limiter: a client that is told to retry holds no resources.
	maxQueueWait = 5 * time.Second
	// minPause is the first pause after STS throttles. As long as it goes on throttling, each pause is twice as long as the one
	// before, up to maxPause.
	minPause, maxPause = time.Second, 30 * time.Second
)

// throttle limits the rate of calls of STS, and pauses them when STS throttles: all callers in an account share STS's limit.
type throttle struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

func newThrottle(perSecond int) *throttle {
	return &throttle{limiter: rate.NewLimiter(rate.Limit(perSecond), perSecond)}
}

// wait returns nil when a call may be made, and an exception if that is not soon.
func (t *throttle) wait(ctx context.Context) error {
	if left := t.remainingPause(); left > 0 {
		return exception.New(exception.Throttling, "STS throttles the account of the auth service: retry later").WithRetryAfter(left)
	}
	ctx, cancel := context.WithTimeout(ctx, maxQueueWait)
	defer cancel()
	if err := t.limiter.Wait(ctx); err != nil {
		return exception.New(exception.Throttling, "more sessions are requested than --sts-rate of the auth service allows: retry later").WithRetryAfter(maxQueueWait)
	}
	return nil
}

func (t *throttle) remainingPause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// observe adjusts the pause to the result of a call, nil if it gave a session.
func (t *throttle) observe(failure *exception.Exception) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if failure == nil || failure.Kind != exception.Throttling {
		t.pause = 0
		return
	}
	// Concurrent calls are throttled together, and count once.
	if time.Until(t.until) <= 0 {
		t.pause = min(max(2*t.pause, minPause), maxPause)
		t.until = time.Now().Add(max(t.pause, min(failure.RetryAfter, maxPause)))
	}
	failure.RetryAfter = time.Until(t.until)
}
