package sessions

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/auth/exception"
)

// kindOf is the exception of an error, and when to retry.
func kindOf(err error) (exception.Kind, time.Duration) {
	if refused, ok := errors.AsType[*exception.Exception](err); ok {
		return refused.Kind, refused.RetryAfter
	}
	return "", 0
}

func TestCallsAreSpreadOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, begin := newThrottle(10), time.Now()
		for range 40 {
			if err := limit.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("40 calls at 10 a second, the first 10 at once, took %s", took)
		}
	})
}

func TestACallThatWouldWaitTooLongIsToldToRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, refused, begin := newThrottle(1), make(chan error, 20), time.Now()
		for range 20 {
			go func() { refused <- limit.wait(context.Background()) }()
		}
		failed := 0
		for range 20 {
			if kind, after := kindOf(<-refused); kind == exception.Throttling && after > 0 {
				failed++
			}
		}
		if failed != 14 || time.Since(begin) > maxQueueWait {
			t.Errorf("%d were turned away, the last was answered after %s", failed, time.Since(begin))
		}
	})
}

func TestThrottlingBySTSPausesCallsForALongerAndLongerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := newThrottle(1000)
		var pauses []time.Duration
		for range 7 {
			limit.observe(exception.New(exception.Throttling, ""))
			limit.observe(exception.New(exception.Throttling, "")) // was on its way with the first
			kind, after := kindOf(limit.wait(t.Context()))
			if kind != exception.Throttling {
				t.Fatal("a call is let through")
			}
			pauses = append(pauses, after)
			time.Sleep(after)
			if err := limit.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range []float64{1, 2, 4, 8, 16, 30, 30} {
			if pauses[n].Seconds() != want {
				t.Fatalf("pauses %v", pauses)
			}
		}
		limit.observe(nil)
		limit.observe(exception.New(exception.Throttling, ""))
		if _, after := kindOf(limit.wait(t.Context())); after != time.Second {
			t.Errorf("after a success the pause is %s", after)
		}
	})
}

func TestThePauseIsRetryAfterWithinABound(t *testing.T) {
	for requested, want := range map[time.Duration]time.Duration{7 * time.Second: 7 * time.Second, time.Hour: maxPause} {
		synctest.Test(t, func(t *testing.T) {
			limit := newThrottle(1000)
			limit.observe(exception.New(exception.Throttling, "").WithRetryAfter(requested))
			if _, after := kindOf(limit.wait(t.Context())); after != want {
				t.Errorf("STS asked for %s, the pause is %s", requested, after)
			}
		})
	}
}
