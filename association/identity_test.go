package association_test

import (
	"strings"
	"testing"

	"github.com/podidentity/podidentity/association"
)

func TestCheckNamesWhatMakesAnAssociationUnusable(t *testing.T) {
	for name, test := range map[string]struct {
		sessionDuration, policy string
		err                     string
	}{
		"neither a duration nor a policy is required":  {"", "", ""},
		"a duration and a policy that can be read":     {"1h30m", `{"Version":"2012-10-17"}`, ""},
		"a duration that cannot be read":               {"soon", "", "read spec.sessionDuration of PodIdentityAssociation a: "},
		"a policy that is not JSON":                    {"", "{", "spec.policy of PodIdentityAssociation a is not a JSON object: "},
		"a policy that is JSON and not an object":      {"", `["s3:GetObject"]`, "spec.policy of PodIdentityAssociation a is not a JSON object: "},
		"a policy that is followed by something else":  {"", `{} {}`, "spec.policy of PodIdentityAssociation a is not a JSON object: "},
		"the duration is named first of both mistakes": {"soon", "{", "read spec.sessionDuration of PodIdentityAssociation a: "},
	} {
		t.Run(name, func(t *testing.T) {
			a := associate("a", "one", 1)
			a.Spec.SessionDuration, a.Spec.Policy = test.sessionDuration, test.policy
			err := association.Check(a)
			if (err != nil) != (test.err != "") || err != nil && !strings.HasPrefix(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}
