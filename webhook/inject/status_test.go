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
		refused    string
		unknown    []string
		want       string
	}{
		"an association that comes is no longer missing": {waiting, true, "", nil, "injected"},
		"one that goes is missing":                       {"injected", false, "", nil, waiting},
		"notes of the admission stay":                    {waiting + "; container keys keeps its own; so does b", true, "", nil, "injected; container keys keeps its own; so does b"},
		"a correct status stays":                         {"injected; a note", true, "", nil, "injected; a note"},
		"what somebody else has written is corrected":    {"all is well; trust me", true, "", nil, "injected"},
		"a restriction that the sidecar does not know is told": {
			"injected; a note", true, "", []string{"boundary", "network"},
			"injected: no credentials until the pod is created again, because its sidecar is too old to know boundary and network; a note",
		},
		"a refused role is told, in place of what was missing": {waiting + "; a note", false, "no pattern allows role", nil, "injected: no credentials, because no pattern allows role; a note"},
		"a status that somebody has removed is restored":       {"", false, "", nil, waiting},
	} {
		t.Run(name, func(t *testing.T) {
			if got := inject.UpdatedStatus(test.status, "ns", "sa", test.associated, test.refused, test.unknown); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
