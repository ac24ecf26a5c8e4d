package credentials_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// slow answers after a second, and names the role in the key.
func slow(ctx context.Context, n int, id contract.Identity) (credentials.Credentials, error) {
	select {
	case <-ctx.Done():
		return credentials.Credentials{}, ctx.Err()
	case <-time.After(time.Second):
	}
	c := good(n, time.Hour)
	c.AccessKeyID = "of " + id.RoleARN
	return c, nil
}

func TestChangeOfIdentity(t *testing.T) {
	narrow := reader("a")
	narrow.Identity.Policy = `{"Statement":[]}`
	renamed := reader("a")
	renamed.Identity.Association = "another name"
	longer := reader("a")
	longer.Identity.SessionDuration = contract.Duration(2 * time.Hour)
	damaged := reader("a")
	damaged.Problem = errors.New("damaged by the test")
	for name, test := range map[string]struct {
		next          identity.Reading
		atOnce, later string
		calls         int
	}{
		"another role ends the old credentials at once":        {next: reader("b"), atOnce: "", later: "of b", calls: 2},
		"a narrower policy ends the old credentials at once":   {next: narrow, atOnce: "", later: "of a", calls: 2},
		"no association ends the old credentials at once":      {next: identity.Reading{}, atOnce: "", later: "", calls: 1},
		"a new name of the association changes nothing":        {next: renamed, atOnce: "of a", later: "of a", calls: 1},
		"another duration renews while the old set is served":  {next: longer, atOnce: "of a", later: "of a", calls: 2},
		"a damaged document leaves what there was":             {next: damaged, atOnce: "of a", later: "of a", calls: 1},
		"the same identity once more changes nothing":          {next: reader("a"), atOnce: "of a", later: "of a", calls: 1},
		"a damaged document of no association has no keys":     {next: identity.Reading{Problem: damaged.Problem}, calls: 1},
		"a session tag switched off ends the old set at once ": {next: untagged(), atOnce: "", later: "of a", calls: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: slow}
				k := start(t, source, time.Now)
				k.Assign(reader("a"))
				after(2 * time.Second)
				k.Assign(test.next)
				if got := key(k); got != test.atOnce {
					t.Errorf("at once %q, want %q", got, test.atOnce)
				}
				after(2 * time.Second)
				if got := key(k); got != test.later {
					t.Errorf("later %q, want %q", got, test.later)
				}
				if n := len(source.made()); n != test.calls {
					t.Errorf("%d calls, want %d", n, test.calls)
				}
			})
		})
	}
}

func untagged() identity.Reading {
	r := reader("a")
	r.Identity.DisableSessionTags = true
	return r
}

func TestFetchOfAnEarlierIdentityIsAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: slow}
		k := start(t, source, time.Now)
		for _, role := range []string{"a", "b", "c"} {
			k.Assign(reader(role))
			after(100 * time.Millisecond)
		}
		seen := map[string]bool{}
		for range 300 {
			seen[key(k)] = true
			after(10 * time.Millisecond)
		}
		if seen["of a"] || seen["of b"] || !seen["of c"] {
			t.Errorf("served %v", seen)
		}
	})
}

func TestDamagedDocumentOfANewPodIsARefusalWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		k := start(t, source, time.Now)
		k.Assign(identity.Reading{Problem: errors.New("it ends in the middle")})
		after(time.Hour)
		state := k.Current()
		if !state.Associated() || !state.Refused() || len(source.made()) != 0 {
			t.Errorf("associated %v, refused %v, %d calls", state.Associated(), state.Refused(), len(source.made()))
		}
		if want := "the identity document of this pod is damaged: it ends in the middle"; state.Reason() != want {
			t.Errorf("reason %q", state.Reason())
		}
	})
}
