package sessions

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/auth/exception"
)

// kindOf is the exception of an error, and when to ask again.
func kindOf(err error) (exception.Kind, time.Duration) {
	if refused, ok := errors.AsType[*exception.Exception](err); ok {
		return refused.Kind, refused.RetryAfter
	}
	return "", 0
}

func TestCallsAreSpreadOverTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, begin := newPace(10), time.Now()
		for range 40 {
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took != 3*time.Second {
			t.Errorf("40 calls at 10 a second, the first 10 at once, took %s", took)
		}
	})
}

func TestWhoWouldWaitTooLongIsToldToComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, refused, begin := newPace(1), make(chan error, 20), time.Now()
		for range 20 {
			go func() { refused <- p.wait(context.Background()) }()
		}
		failed := 0
		for range 20 {
			if kind, after := kindOf(<-refused); kind == exception.Throttling && after > 0 {
				failed++
			}
		}
		if failed != 14 || time.Since(begin) > turn {
			t.Errorf("%d were turned away, the last was answered after %s", failed, time.Since(begin))
		}
	})
}

func TestThrottlingBySTSStopsCallsForALongerAndLongerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(1000)
		var pauses []time.Duration
		for range 7 {
			p.heard(exception.New(exception.Throttling, ""))
			p.heard(exception.New(exception.Throttling, "")) // was on its way with the first
			kind, after := kindOf(p.wait(t.Context()))
			if kind != exception.Throttling {
				t.Fatal("a call is let through")
			}
			pauses = append(pauses, after)
			time.Sleep(after)
			if err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range []float64{1, 2, 4, 8, 16, 30, 30} {
			if pauses[n].Seconds() != want {
				t.Fatalf("pauses %v", pauses)
			}
		}
		p.heard(nil)
		p.heard(exception.New(exception.Throttling, ""))
		if _, after := kindOf(p.wait(t.Context())); after != time.Second {
			t.Errorf("after a success the pause is %s", after)
		}
	})
}

func TestThePauseIsAsLongAsSTSAsksForButBounded(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{7 * time.Second: 7 * time.Second, time.Hour: longestPause} {
		synctest.Test(t, func(t *testing.T) {
			p := newPace(1000)
			p.heard(exception.New(exception.Throttling, "").After(asked))
			if _, after := kindOf(p.wait(t.Context())); after != want {
				t.Errorf("asked for %s, the pause is %s", asked, after)
			}
		})
	}
}
