package inject_test

import (
	"testing"

	"github.com/podidentity/podidentity/webhook/inject"
)

func TestAStatusFollowsTheIdentity(t *testing.T) {
	const waiting = "injected: no credentials until a PodIdentityAssociation names service account ns/sa"
	for name, test := range map[string]struct {
		status     string
		associated bool
		want       string
	}{
		"an association that comes is no longer missed":     {waiting, true, "injected"},
		"one that goes is missed":                           {"injected", false, waiting},
		"notes of the admission stay":                       {waiting + "; container keys keeps its own; so does b", true, "injected; container keys keeps its own; so does b"},
		"a true status stays":                               {"injected; a note", true, "injected; a note"},
		"what somebody else has written is put right":       {"all is well; trust me", true, "injected"},
		"a status that somebody has taken away comes again": {"", false, waiting},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inject.Restate(test.status, "ns", "sa", test.associated); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
