package auth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// bounds proves that a service account chooses its role only in a namespace that allows it, that both annotations count at the next
// requests, and that a refusal says why to the client and in an event.
func bounds(t *testing.T, s *suite) {
	const roles = "arn:aws:iam::111122223333:role/pods/"
	token := s.token(t, "nobody", audience)
	client := s.client(s.bundle(t))
	ctx, cancel := withTimeout(t)
	defer cancel()
	// until asks until the answer is as described, and reports how long that took since the change.
	until := func(what string, as func(a answer) bool) {
		t.Helper()
		begin := time.Now()
		for {
			a, err := ask(ctx, client, "green", token)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if as(a) {
				t.Logf("from kubectl until %s: %s", what, time.Since(begin).Round(10*time.Millisecond))
				return
			}
		}
	}
	allow := func(patterns string) {
		s.Do(t, "annotate", "--overwrite", "namespace/shop", "podidentity.dev/allowed-roles="+patterns)
	}
	s.Do(t, "annotate", "--namespace=shop", "serviceaccount/nobody", "podidentity.dev/role-arn="+roles+"other")
	until("a choice without bounds counts for nothing", func(a answer) bool { return a.Type == "ResourceNotFoundException" })
	allow(roles + "reader*")
	until("a choice outside of the bounds is refused", func(a answer) bool {
		return a.Type == "AccessDeniedException" && strings.Contains(a.Message, "no pattern of the namespace's annotation podidentity.dev/allowed-roles allows "+roles+"other")
	})
	s.awaitRefusal(t)
	allow(roles + "*")
	until("a choice within the bounds gives the role", func(a answer) bool {
		return a.Status == http.StatusOK && strings.Contains(a.AssumedRoleUser.ARN, "/other/")
	})
	s.Do(t, "annotate", "--namespace=shop", "serviceaccount/nobody", "podidentity.dev/role-arn-")
	until("a service account that chooses no more has no role", func(a answer) bool { return a.Type == "ResourceNotFoundException" })
	s.Do(t, "annotate", "namespace/shop", "podidentity.dev/allowed-roles-")
}

// awaitRefusal waits for the event of the refusal.
func (s *suite) awaitRefusal(t *testing.T) {
	t.Helper()
	ctx, cancel := withTimeout(t)
	defer cancel()
	for s.Do(t, "get", "events.events.k8s.io", "--namespace=shop", "--output=name", "--field-selector=reason=RoleRefused") == "" {
		if ctx.Err() != nil {
			t.Fatal("no event of the refusal")
		}
	}
}
