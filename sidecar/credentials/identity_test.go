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
	if id.RoleARN == "refused" {
		return credentials.Credentials{}, &credentials.Failure{Reason: "no", Verdict: credentials.Refused}
	}
	c := good(n, time.Hour)
	c.AccessKeyID = "of " + id.RoleARN
	if id.Policy != "" {
		c.AccessKeyID = "narrow " + c.AccessKeyID
	}
	return c, nil
}

func TestChangesOfTheIdentity(t *testing.T) {
	narrow := reader("a")
	narrow.Identity.Policy = `{"Statement":[]}`
	renamed := reader("a")
	renamed.Identity.Association = "another name"
	longer := reader("a")
	longer.Identity.SessionDuration = contract.Duration(2 * time.Hour)
	labelled := reader("a")
	labelled.Identity.Tags = "team=shop"
	named := reader("a")
	named.Identity.SourceIdentity = contract.SourceIdentityPodName
	invalid := reader("a")
	invalid.Problem = errors.New("made invalid by the test")
	for name, test := range map[string]struct {
		next          identity.Reading
		atOnce, later string
		calls         int
	}{
		"another role has the old credentials until the new ones have come":       {next: reader("b"), atOnce: "of a", later: "of b", calls: 2},
		"another policy has the old credentials until the new ones have come":     {next: narrow, atOnce: "of a", later: "narrow of a", calls: 2},
		"no association withdraws the old credentials at once":                    {next: identity.Reading{}, atOnce: "", later: "", calls: 1},
		"a new name of the association changes nothing":                           {next: renamed, atOnce: "of a", later: "of a", calls: 1},
		"another duration renews while the old credentials are served":            {next: longer, atOnce: "of a", later: "of a", calls: 2},
		"an invalid document changes nothing":                                     {next: invalid, atOnce: "of a", later: "of a", calls: 1},
		"the same identity again changes nothing":                                 {next: reader("a"), atOnce: "of a", later: "of a", calls: 1},
		"an invalid document without an association gives no credentials":         {next: identity.Reading{Problem: invalid.Problem}, calls: 1},
		"session tags switched off have the old credentials until the new come":   {next: untagged(), atOnce: "of a", later: "of a", calls: 2},
		"another label of the pod has the old credentials until the new come":     {next: labelled, atOnce: "of a", later: "of a", calls: 2},
		"a source identity has the old credentials until the new come":            {next: named, atOnce: "of a", later: "of a", calls: 2},
		"a role that is refused has the old credentials, whatever STS says of it": {next: reader("refused"), atOnce: "of a", later: "of a", calls: 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: slow}
				k := start(t, source, time.Now)
				k.SetIdentity(reader("a"))
				after(2 * time.Second)
				k.SetIdentity(test.next)
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

func TestAFetchForAnEarlierIdentityIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: slow}
		k := start(t, source, time.Now)
		for _, role := range []string{"a", "b", "c"} {
			k.SetIdentity(reader(role))
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

func TestAnInvalidDocumentOfANewPodIsARefusalWithItsReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		k := start(t, source, time.Now)
		k.SetIdentity(identity.Reading{Problem: errors.New("it ends in the middle")})
		after(time.Hour)
		state := k.Current()
		if !state.Associated() || !state.Refused() || len(source.made()) != 0 {
			t.Errorf("associated %v, refused %v, %d calls", state.Associated(), state.Refused(), len(source.made()))
		}
		if want := "the identity document of this pod is invalid: it ends in the middle"; state.Reason() != want {
			t.Errorf("reason %q", state.Reason())
		}
	})
}
