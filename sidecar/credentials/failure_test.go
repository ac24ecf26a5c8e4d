package credentials_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

// failing always fails with failure.
func failing(failure credentials.Failure) func(context.Context, int, contract.Identity) (credentials.Credentials, error) {
	return func(context.Context, int, contract.Identity) (credentials.Credentials, error) {
		return credentials.Credentials{}, &failure
	}
}

func TestRetriesBackOff(t *testing.T) {
	for name, test := range map[string]struct {
		failure         credentials.Failure
		atLeast, atMost int // calls in the first hour
		refusedLater    bool
		refusedAtOnce   bool
	}{
		"a transient failure is retried about once a minute, after ten minutes less often": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Transient}, atLeast: 40, atMost: 80,
		},
		"throttling is retried less often": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Throttled}, atLeast: 30, atMost: 70,
		},
		"a provisional refusal is final after seconds, and then retried as a lasting one": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Provisional}, atLeast: 45, atMost: 100, refusedLater: true,
		},
		"a lasting refusal is final at once, and retried slowly after ten minutes": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Refused}, atLeast: 45, atMost: 95,
			refusedLater: true, refusedAtOnce: true,
		},
		"Retry-After is respected": {
			failure: credentials.Failure{Reason: "r", RetryAfter: 4 * time.Minute}, atLeast: 15, atMost: 16,
		},
		"a Retry-After of a year is not": {
			failure: credentials.Failure{Reason: "r", RetryAfter: 365 * 24 * time.Hour}, atLeast: 12, atMost: 13,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: failing(test.failure)}
				k := start(t, source, time.Now)
				k.SetIdentity(reader("r"))
				after(time.Second / 4)
				if got := k.Current().Refused(); got != test.refusedAtOnce {
					t.Errorf("refused at once: %v", got)
				}
				after(time.Hour)
				if got := k.Current().Refused(); got != test.refusedLater {
					t.Errorf("refused later: %v", got)
				}
				if n := len(source.made()); n < test.atLeast || n > test.atMost {
					t.Errorf("%d calls in an hour, want %d to %d", n, test.atLeast, test.atMost)
				}
			})
		})
	}
}

func TestTheSidecarWaitsForANewRoleToPropagate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		created := time.Now()
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if time.Since(created) < 8*time.Second {
				return credentials.Credentials{}, &credentials.Failure{Reason: "AccessDenied", Verdict: credentials.Provisional}
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		for range 160 {
			after(100 * time.Millisecond)
			if k.Current().Refused() {
				t.Fatal("the role was given up while IAM was still propagating it")
			}
		}
		if key(k) == "" {
			t.Error("no credentials after 16 seconds")
		}
	})
}

func TestCredentialsThatWouldBreakClientsAreFailures(t *testing.T) {
	for name, modify := range map[string]func(*credentials.Credentials){
		"no key":                    func(c *credentials.Credentials) { c.AccessKeyID = "" },
		"no secret":                 func(c *credentials.Credentials) { c.SecretAccessKey = "" },
		"no token":                  func(c *credentials.Credentials) { c.SessionToken = "" },
		"no expiration":             func(c *credentials.Credentials) { c.Expiration = time.Time{} },
		"an expiration in the past": func(c *credentials.Credentials) { c.Expiration = time.Now().Add(-time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
					c := good(n, time.Hour)
					modify(&c)
					return c, nil
				}}
				k := start(t, source, time.Now)
				k.SetIdentity(reader("r"))
				after(time.Second)
				if state := k.Current(); key(k) != "" || state.Refused() || state.Reason() == "" {
					t.Errorf("key %q, refused %v, reason %q", key(k), state.Refused(), state.Reason())
				}
			})
		})
	}
}

func TestAFetchThatHangsTimesOutAndIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(ctx context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if n < 3 {
				<-ctx.Done()
				return credentials.Credentials{}, ctx.Err()
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.SetIdentity(reader("r"))
		after(25 * time.Second)
		if key(k) == "" {
			t.Errorf("no credentials after %d calls", len(source.made()))
		}
	})
}

func TestARoleThatIsMendedWithinTenMinutesGivesCredentialsWithin30Seconds(t *testing.T) {
	for name, verdict := range map[string]credentials.Verdict{
		"of a lasting refusal": credentials.Refused, "of one that might have been a new role's": credentials.Provisional,
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []time.Duration{11 * time.Second, time.Minute, 5 * time.Minute, 9*time.Minute + 59*time.Second} {
				synctest.Test(t, func(t *testing.T) { expectHeals(t, verdict, after) })
			}
		})
	}
}

// expectHeals mends a role that long after it was first refused.
func expectHeals(t *testing.T, verdict credentials.Verdict, mended time.Duration) {
	t.Helper()
	begun := time.Now()
	source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
		if time.Since(begun) < mended {
			return credentials.Credentials{}, &credentials.Failure{Reason: "AccessDenied", Verdict: verdict}
		}
		return good(n, time.Hour), nil
	}}
	k := start(t, source, time.Now)
	k.SetIdentity(reader("r"))
	after(mended + 30*time.Second)
	if key(k) == "" {
		t.Errorf("no credentials 30 s after the role was mended, which had been refused for %s", mended)
	}
}
