package inject_test

import (
	"testing"

	"github.com/podidentity/podidentity/webhook/inject"
)

func TestTheStatusFollowsTheIdentity(t *testing.T) {
	const waiting = "injected: no credentials until a PodIdentityAssociation names service account ns/sa"
	for name, test := range map[string]struct {
		status     string
		associated bool
		want       string
	}{
		"an association that comes is no longer missing": {waiting, true, "injected"},
		"one that goes is missing":                       {"injected", false, waiting},
		"notes of the admission stay":                    {waiting + "; container keys keeps its own; so does b", true, "injected; container keys keeps its own; so does b"},
		"a correct status stays":                         {"injected; a note", true, "injected; a note"},
		"what somebody else has written is corrected":    {"all is well; trust me", true, "injected"},
		"a status that somebody has removed is restored": {"", false, waiting},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inject.UpdatedStatus(test.status, "ns", "sa", test.associated); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
