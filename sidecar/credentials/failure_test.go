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

func TestPaceOfRetries(t *testing.T) {
	for name, test := range map[string]struct {
		failure          credentials.Failure
		atLeast, atMost  int // calls in the first hour
		refusedInTheEnd  bool
		refusedAfterASec bool
	}{
		"what passes is tried again about once a minute": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Transient}, atLeast: 60, atMost: 130,
		},
		"throttling is answered by fewer calls": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Throttled}, atLeast: 30, atMost: 70,
		},
		"a refusal that may pass is final after seconds, and then tried slowly": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Doubtful}, atLeast: 30, atMost: 70, refusedInTheEnd: true,
		},
		"a refusal for good is final at once, and tried slowly": {
			failure: credentials.Failure{Reason: "r", Verdict: credentials.Refused}, atLeast: 30, atMost: 70,
			refusedInTheEnd: true, refusedAfterASec: true,
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
				k.Assign(reader("r"))
				after(time.Second / 4)
				if got := k.Current().Refused(); got != test.refusedAfterASec {
					t.Errorf("refused at once: %v", got)
				}
				after(time.Hour)
				if got := k.Current().Refused(); got != test.refusedInTheEnd {
					t.Errorf("refused in the end: %v", got)
				}
				if n := len(source.made()); n < test.atLeast || n > test.atMost {
					t.Errorf("%d calls in an hour, want %d to %d", n, test.atLeast, test.atMost)
				}
			})
		})
	}
}

func TestRoleMadeSecondsAgoIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		born := time.Now()
		source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if time.Since(born) < 8*time.Second {
				return credentials.Credentials{}, &credentials.Failure{Reason: "AccessDenied", Verdict: credentials.Doubtful}
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.Assign(reader("r"))
		for range 160 {
			after(100 * time.Millisecond)
			if k.Current().Refused() {
				t.Fatal("the role was given up while IAM was still telling of it")
			}
		}
		if key(k) == "" {
			t.Error("no credentials after 16 seconds")
		}
	})
}

func TestAnswersThatBreakClientsAreFailures(t *testing.T) {
	for name, spoil := range map[string]func(*credentials.Credentials){
		"no key":                func(c *credentials.Credentials) { c.AccessKeyID = "" },
		"no secret":             func(c *credentials.Credentials) { c.SecretAccessKey = "" },
		"no token":              func(c *credentials.Credentials) { c.SessionToken = "" },
		"no expiry":             func(c *credentials.Credentials) { c.Expiration = time.Time{} },
		"an expiry in the past": func(c *credentials.Credentials) { c.Expiration = time.Now().Add(-time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: func(_ context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
					c := good(n, time.Hour)
					spoil(&c)
					return c, nil
				}}
				k := start(t, source, time.Now)
				k.Assign(reader("r"))
				after(time.Second)
				if state := k.Current(); key(k) != "" || state.Refused() || state.Reason() == "" {
					t.Errorf("key %q, refused %v, reason %q", key(k), state.Refused(), state.Reason())
				}
			})
		})
	}
}

func TestSTSThatHangsIsGivenUpAndAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(ctx context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			if n < 3 {
				<-ctx.Done()
				return credentials.Credentials{}, ctx.Err()
			}
			return good(n, time.Hour), nil
		}}
		k := start(t, source, time.Now)
		k.Assign(reader("r"))
		after(25 * time.Second)
		if key(k) == "" {
			t.Errorf("no credentials after %d calls", len(source.made()))
		}
	})
}
