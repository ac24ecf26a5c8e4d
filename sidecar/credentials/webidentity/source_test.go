package webidentity_test

import (
	"errors"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

func TestTokenIsExchangedForTheRole(t *testing.T) {
	fake := newFakeSTS(t, nil)
	got, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role})
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "ASIAFAKE" || got.SecretAccessKey != "secret of "+role || got.SessionToken != "session of "+role ||
		got.AccountID != "999900001111" || time.Until(got.Expiration) < 58*time.Minute {
		t.Errorf("got %+v", got)
	}
	expectForm(t, fake.requests[0], map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": jwt,
		"RoleSessionName": "web-0@shop",
	})
	if auth := fake.headers[0].Get("Authorization"); auth != "" {
		t.Errorf("the request is signed: %s", auth)
	}
	if agent := fake.headers[0].Get("User-Agent"); !strings.Contains(agent, "app/pod-identity") {
		t.Errorf("user agent %q", agent)
	}
}

func TestPolicyAndDurationAreRequested(t *testing.T) {
	fake := newFakeSTS(t, nil)
	_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{
		RoleARN: role, Policy: `{"Statement":[]}`, SessionDuration: contract.Duration(90 * time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	expectForm(t, fake.requests[0], map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": jwt,
		"RoleSessionName": "web-0@shop", "Policy": `{"Statement":[]}`, "DurationSeconds": "5400",
	})
}

func TestTheTargetRoleIsAssumedWithTheTagsOfEKS(t *testing.T) {
	fake := newFakeSTS(t, nil)
	got, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{
		RoleARN: role, TargetRoleARN: target, ExternalID: "x/y", Policy: "{}", SessionDuration: contract.Duration(3 * time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.SessionToken != "session of "+target {
		t.Errorf("the application gets the %s", got.SessionToken)
	}
	expectForm(t, fake.requests[0], map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": jwt,
		"RoleSessionName": "web-0@shop",
	})
	want := map[string]string{
		"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": target, "RoleSessionName": "web-0@shop", "ExternalId": "x/y",
		"Policy": "{}", "DurationSeconds": "3600",
	}
	for i, tag := range [][2]string{
		{"eks-cluster-arn", "arn:green"}, {"eks-cluster-name", "green"}, {"kubernetes-namespace", "shop"},
		{"kubernetes-service-account", "front"}, {"kubernetes-pod-name", "web-0"}, {"kubernetes-pod-uid", "0a1b"},
	} {
		n := string(rune('1' + i))
		want["Tags.member."+n+".Key"], want["Tags.member."+n+".Value"] = tag[0], tag[1]
		want["TransitiveTagKeys.member."+n] = tag[0]
	}
	expectForm(t, fake.requests[1], want)
	if auth := fake.headers[1].Get("Authorization"); !strings.Contains(auth, "Credential=ASIAFAKE/") || !strings.Contains(auth, "/eu-central-1/sts/") {
		t.Errorf("signed as %q", auth)
	}
}

func TestSessionTagsCanBeSwitchedOff(t *testing.T) {
	fake := newFakeSTS(t, nil)
	_, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role, TargetRoleARN: target, DisableSessionTags: true})
	if err != nil {
		t.Fatal(err)
	}
	expectForm(t, fake.requests[1], map[string]string{
		"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": target, "RoleSessionName": "web-0@shop",
	})
}

func TestTheTargetRoleIsAssumedWithTheSourceIdentityAndTheTagsOfThePod(t *testing.T) {
	fake := newFakeSTS(t, nil)
	id := contract.Identity{
		RoleARN: role, TargetRoleARN: target, SourceIdentity: contract.SourceIdentityPodName,
		Tags: "Kubernetes-Namespace=kube-system,shop.example.com/tier=web,team=shop",
	}
	if _, err := source(t, fake.URL).Fetch(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	expectForm(t, fake.requests[0], map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": jwt, "RoleSessionName": "web-0@shop",
	})
	got := fake.requests[1]
	if got.Get("SourceIdentity") != "web-0" || got.Get("Tags.member.3.Value") != "shop" {
		t.Errorf("asked %v", got)
	}
	for n, tag := range map[string]string{"7": "shop.example.com/tier=web", "8": "team=shop", "9": "="} {
		key, _, _ := strings.Cut(tag, "=")
		if got.Get("Tags.member."+n+".Key")+"="+got.Get("Tags.member."+n+".Value") != tag || got.Get("TransitiveTagKeys.member."+n) != key {
			t.Errorf("tag %s is not %s, transitive: %v", n, tag, got)
		}
	}
}

func TestWithoutATargetRoleThereAreNeitherTagsNorASourceIdentity(t *testing.T) {
	fake := newFakeSTS(t, nil)
	if _, err := source(t, fake.URL).Fetch(t.Context(), contract.Identity{RoleARN: role, SourceIdentity: contract.SourceIdentityPodName, Tags: "team=shop"}); err != nil {
		t.Fatal(err)
	}
	expectForm(t, fake.requests[0], map[string]string{
		"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": jwt, "RoleSessionName": "web-0@shop",
	})
}

func TestTheTokenIsReadForEachFetch(t *testing.T) {
	fake := newFakeSTS(t, nil)
	s := source(t, fake.URL)
	for _, token := range []string{"first.of.them", "second.of.them\n"} {
		if err := os.WriteFile(s.TokenFile, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Fetch(t.Context(), contract.Identity{RoleARN: role}); err != nil {
			t.Fatal(err)
		}
	}
	if got := fake.requests[1].Get("WebIdentityToken"); got != "second.of.them" {
		t.Errorf("the second fetch sent %q", got)
	}
}

func TestATokenThatCannotBeSentIsAnError(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"a missing one":        {content: "", want: "does not exist"},
		"an empty one":         {content: " \n", want: "has 0 bytes"},
		"one too long for STS": {content: strings.Repeat("x", 20_001), want: "STS accepts 1 to 20000"},
	} {
		t.Run(name, func(t *testing.T) {
			s := source(t, "http://127.0.0.1:1")
			err := os.Remove(s.TokenFile)
			if test.content != "" {
				err = os.WriteFile(s.TokenFile, []byte(test.content), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			expectTokenError(t, s, test.want)
		})
	}
	t.Run("one without end", func(t *testing.T) {
		s := source(t, "http://127.0.0.1:1")
		if err := errors.Join(os.Remove(s.TokenFile), os.Symlink("/dev/zero", s.TokenFile)); err != nil {
			t.Fatal(err)
		}
		expectTokenError(t, s, "is not a regular file")
	})
}

func expectTokenError(t *testing.T, s webidentity.Source, want string) {
	t.Helper()
	if _, err := s.Fetch(t.Context(), contract.Identity{RoleARN: role}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v", err)
	}
}

func expectForm(t *testing.T, got url.Values, want map[string]string) {
	t.Helper()
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, slices.Sorted(maps.Keys(want))) {
		t.Errorf("parameters %v", keys)
	}
	for key, value := range want {
		if got.Get(key) != value {
			t.Errorf("%s is %q, want %q", key, got.Get(key), value)
		}
	}
}
