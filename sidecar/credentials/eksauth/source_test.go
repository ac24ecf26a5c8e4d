package eksauth_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestTokenIsExchangedForTheSession(t *testing.T) {
	fake := newFakeAuth(t, nil)
	got, err := fake.fetch(t)
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "ASIAFAKE" || got.SecretAccessKey != "secret" || got.SessionToken != "session" ||
		got.AccountID != "111122223333" || time.Until(got.Expiration) < 58*time.Minute {
		t.Errorf("got %+v", got)
	}
	paths, tokens := fake.requests()
	if want := []string{"POST /clusters/green/assume-role-for-pod-identity"}; !slices.Equal(paths, want) || tokens[0] != jwt {
		t.Errorf("requests %v with %v", paths, tokens)
	}
}

func TestTokenAndCAAreReadForEachFetch(t *testing.T) {
	fake := newFakeAuth(t, nil)
	s := fake.source(t)
	for _, step := range []struct{ token, ca, says string }{
		{"a.b.c", "", "is not in"},
		{"d.e.f", fake.ca(), ""},
		{"g.h.i", otherCA(t), "is not trusted"},
		{"j.k.l\n", otherCA(t) + fake.ca(), ""},
	} {
		for file, content := range map[string]string{s.TokenFile: step.token, s.CAFile: step.ca} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := s.Fetch(t.Context(), contract.Identity{RoleARN: role})
		if (err == nil) != (step.says == "") || err != nil && !strings.Contains(err.Error(), step.says) {
			t.Errorf("error %v", err)
		}
	}
	if _, tokens := fake.requests(); !slices.Equal(tokens, []string{"d.e.f", "j.k.l"}) {
		t.Errorf("sent %v", tokens)
	}
}

func TestOnlyASessionOfTheIdentitysRoleIsAccepted(t *testing.T) {
	const target = "arn:aws:iam::444455556666:role/target"
	for name, test := range map[string]struct {
		id       contract.Identity
		arn      string
		accepted bool
	}{
		"a session omits the path of its role":                  {contract.Identity{RoleARN: role}, session, true},
		"the target role is the one that counts":                {contract.Identity{RoleARN: role, TargetRoleARN: target}, "arn:aws:sts::444455556666:assumed-role/target/w", true},
		"MinIO's roles have no account":                         {contract.Identity{RoleARN: "arn:minio:iam:::role/x"}, "arn:minio:sts:::assumed-role/x/w", true},
		"the role before the change is refused":                 {contract.Identity{RoleARN: role}, "arn:aws:sts::111122223333:assumed-role/writer/w", false},
		"the first role is refused if there is a target role":   {contract.Identity{RoleARN: role, TargetRoleARN: target}, session, false},
		"a role of the same name in another account is refused": {contract.Identity{RoleARN: role}, "arn:aws:sts::444455556666:assumed-role/reader/w", false},
		"what is not a role is refused":                         {contract.Identity{RoleARN: role}, "reader", false},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeAuth(t, func(w http.ResponseWriter, _ *http.Request) { succeed(w, test.arn, time.Now().Add(time.Hour)) })
			got, err := fake.source(t).Fetch(t.Context(), test.id)
			if test.accepted {
				if err != nil || got.AccessKeyID == "" {
					t.Errorf("error %v", err)
				}
				return
			}
			if f := failure(t, err); f.Verdict != credentials.Transient || f.RetryAfter != 0 || !strings.Contains(f.Reason, "has not seen the change of the association") {
				t.Errorf("%+v", f)
			}
			if got != (credentials.Credentials{}) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestASessionByAnotherVersionOfTheAssociationIsRefused(t *testing.T) {
	id := contract.Identity{Association: "reader", RoleARN: role, Policy: "{}"}
	renamed, wider := id, id
	renamed.Association, wider.Policy = "another", ""
	for name, test := range map[string]struct {
		header   string
		accepted bool
	}{
		"of this version":                       {id.Digest(), true},
		"of one that differs in its name":       {renamed.Digest(), true},
		"of the previous one, without a policy": {wider.Digest(), false},
		"of a service that does not send it":    {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeAuth(t, func(w http.ResponseWriter, _ *http.Request) {
				if test.header != "" {
					w.Header().Set(contract.HeaderIdentityDigest, test.header)
				}
				succeed(w, session, time.Now().Add(time.Hour))
			})
			got, err := fake.source(t).Fetch(t.Context(), id)
			if test.accepted != (err == nil) || test.accepted != (got != credentials.Credentials{}) {
				t.Errorf("error %v, %+v", err, got)
			}
			if err != nil && failure(t, err).Verdict != credentials.Transient {
				t.Errorf("%+v", failure(t, err))
			}
		})
	}
}

func TestExpirationIsConvertedToTheClockOfTheNode(t *testing.T) {
	for name, test := range map[string]struct{ skew, want time.Duration }{
		"a node two hours behind":   {2 * time.Hour, time.Hour},
		"a node two hours ahead":    {-2 * time.Hour, time.Hour},
		"a few seconds are ignored": {20 * time.Second, time.Hour + 20*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			fake := newFakeAuth(t, func(w http.ResponseWriter, _ *http.Request) {
				now := time.Now().Add(test.skew)
				w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
				succeed(w, session, now.Add(time.Hour))
			})
			got, err := fake.fetch(t)
			if off := time.Until(got.Expiration) - test.want; err != nil || off.Abs() > 15*time.Second {
				t.Errorf("expires in %s, %v", time.Until(got.Expiration), err)
			}
		})
	}
}
