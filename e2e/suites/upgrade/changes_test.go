package upgrade_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

// changes are those of associations, each of which running sidecars must follow. The last one undoes what the others have done, so that
// all can be done again.
func changes(when string) []step {
	return []step{
		{"a role that STS refuses, " + when, wrongRole},
		{"the right role again, " + when, rightRole},
		{"another session duration, " + when, otherDuration},
		{"an association deleted, whose place another takes, " + when, deleted},
		{"the association made anew, " + when, remade(fallback)},
		{"the only association deleted *, " + when, withdrawn},
		{"the association made anew *, " + when, healed},
	}
}

func wrongRole(t *testing.T, s *suite) time.Duration {
	return s.follow(t, []string{exact, pattern}, func() {
		for _, association := range []string{exact, pattern} {
			s.patch(t, association, "roleARN", s.RefusedRoleARN)
		}
	}, func(request url.Values) bool { return request.Get("RoleArn") == s.RefusedRoleARN })
}

func rightRole(t *testing.T, s *suite) time.Duration {
	return s.follow(t, []string{exact, pattern}, func() {
		for _, association := range []string{exact, pattern} {
			s.patch(t, association, "roleARN", s.RoleARN)
		}
	}, func(request url.Values) bool { return request.Get("RoleArn") == s.RoleARN })
}

func otherDuration(t *testing.T, s *suite) time.Duration {
	duration, seconds := "20m", "1200"
	if s.Do(t, "get", "pia", exact, "-o=jsonpath={.spec.sessionDuration}") == duration {
		duration, seconds = "15m", "900"
	}
	return s.follow(t, []string{exact, pattern}, func() {
		for _, association := range []string{exact, pattern} {
			s.patch(t, association, "sessionDuration", duration)
		}
	}, func(request url.Values) bool { return request.Get("DurationSeconds") == seconds })
}

// deleted leaves the pods to an association with a session policy.
func deleted(t *testing.T, s *suite) time.Duration {
	return s.follow(t, []string{fallback}, func() { s.Do(t, "delete", "pia", fallback) }, func(request url.Values) bool { return request.Get("Policy") != "" })
}

func remade(association string) func(t *testing.T, s *suite) time.Duration {
	return func(t *testing.T, s *suite) time.Duration {
		return s.follow(t, []string{association}, func() {
			s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %[1]s}\n"+
				"spec: {namespace: %[1]s, serviceAccount: reader, roleARN: %[2]q, sessionDuration: 15m}", association, s.RoleARN), "create", "--filename=-")
		}, func(request url.Values) bool { return request.Get("Policy") == "" })
	}
}

// withdrawn takes the only association of pods away, whose sidecars serve nothing from then on.
func withdrawn(t *testing.T, s *suite) time.Duration {
	begin := time.Now()
	s.Do(t, "delete", "pia", alone)
	return s.until(t, begin, "every GET fails", func(seen figures.Figures) bool { return seen.Failed > 0 && len(seen.Took) == 0 })
}

func healed(t *testing.T, s *suite) time.Duration {
	begin := time.Now()
	remade(alone)(t, s)
	return s.until(t, begin, "no GET fails", func(seen figures.Figures) bool { return seen.Failed == 0 && len(seen.Took) > 0 })
}

// until waits until each pod of the namespace alone sees only this, and returns how long that took.
func (s *suite) until(t *testing.T, begin time.Time, what string, holds func(seen figures.Figures) bool) time.Duration {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 500*time.Millisecond, 2*time.Minute, true, func(context.Context) (bool, error) {
		each := s.readIn(t, alone)
		return len(each) > 0 && !slices.ContainsFunc(each, func(seen figures.Figures) bool { return !holds(seen) }), nil
	})
	if err != nil {
		t.Errorf("not yet: %s: %v", what, err)
	}
	return time.Since(begin)
}

func (s *suite) patch(t *testing.T, association, field, value string) {
	t.Helper()
	s.Do(t, "patch", "pia", association, "--type=merge", fmt.Sprintf(`--patch={"spec": {%q: %q}}`, field, value))
}

// follow edits associations, and returns how long it took until STS was asked, by each pod that they select, as they are now.
func (s *suite) follow(t *testing.T, associations []string, edit func(), follows func(request url.Values) bool) time.Duration {
	t.Helper()
	var missing []string
	for _, association := range associations {
		for _, namespace := range namespacesOf(association) {
			for _, generation := range s.generations {
				missing = append(missing, generation+"@"+namespace)
			}
		}
	}
	s.sts.Set(t, platform.Answering)
	begin := time.Now()
	edit()
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 2*time.Minute, true, func(context.Context) (bool, error) {
		for _, request := range s.sts.Requests(t) {
			if follows(request) {
				missing = slices.DeleteFunc(missing, func(name string) bool { return name == request.Get("RoleSessionName") })
			}
		}
		return len(missing) == 0, nil
	})
	if err != nil {
		t.Errorf("%v does not follow: %v", missing, err)
	}
	return time.Since(begin)
}
