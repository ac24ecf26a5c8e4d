package sessions

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/podidentity/podidentity/auth/exception"
)

const (
	// turn is how long a call may wait for its turn: a client that is told to come again holds nothing up meanwhile.
	turn = 5 * time.Second
	// The pause after STS said that calls are too many, where it does not say how long: doubled up to the longest for as long
	// as it goes on saying so.
	firstPause, longestPause = time.Second, 30 * time.Second
)

// pace spreads the calls of STS, and stops them for a while when STS says that they are too many: its limit is shared by all
// who call it in the account.
type pace struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	until time.Time
	pause time.Duration
}

func newPace(perSecond int) *pace {
	return &pace{limiter: rate.NewLimiter(rate.Limit(perSecond), perSecond)}
}

// wait returns when a call may be made, or refuses it.
func (p *pace) wait(ctx context.Context) error {
	if left := p.paused(); left > 0 {
		return exception.New(exception.Throttling, "STS has asked for fewer calls: ask again later").After(left)
	}
	ctx, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	if err := p.limiter.Wait(ctx); err != nil {
		return exception.New(exception.Throttling, "more sessions are asked for than --sts-rate of the auth service allows: ask again later").After(turn)
	}
	return nil
}

func (p *pace) paused() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Until(p.until)
}

// heard takes in what STS said; nil is a session.
func (p *pace) heard(refused *exception.Exception) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if refused == nil || refused.Kind != exception.Throttling {
		p.pause = 0
		return
	}
	// Calls that were on their way together are refused together, and count once.
	if time.Until(p.until) <= 0 {
		p.pause = min(max(2*p.pause, firstPause), longestPause)
		p.until = time.Now().Add(max(p.pause, min(refused.RetryAfter, longestPause)))
	}
	refused.RetryAfter = time.Until(p.until)
}
