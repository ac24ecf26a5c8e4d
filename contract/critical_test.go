package contract

import (
	"reflect"
	"slices"
	"testing"
)

// later stands for a later version of Identities.
type later struct {
	RoleARN  string `json:"roleARN"`
	Boundary string `critical:"true" json:"boundary,omitempty"`
	Network  string `critical:"true" json:"network,omitempty"`
}

func TestTheCriticalFieldsOfAnIdentityAreThoseThatRestrictIt(t *testing.T) {
	if got := setNames(reflect.ValueOf(later{RoleARN: "r", Boundary: "b"}), isCritical); !slices.Equal(got, []string{"boundary"}) {
		t.Errorf("in use are %q", got)
	}
	if got := names(reflect.ValueOf(later{}), isCritical); !slices.Equal(got, []string{"boundary", "network"}) {
		t.Errorf("known are %q", got)
	}
}

func TestWhatASidecarDoesNotKnow(t *testing.T) {
	if got := Unknown([]string{"boundary", "network"}, []string{"network"}); !slices.Equal(got, []string{"boundary"}) {
		t.Errorf("a sidecar that knows one of two does not know %q", got)
	}
	if got := Unknown(nil, []string{"network"}); len(got) != 0 {
		t.Errorf("a sidecar does not know %q of nothing", got)
	}
}

func TestContainersAreCriticalWhereTheyHaveAnIdentity(t *testing.T) {
	if got := KnownCritical(); !slices.Equal(got, []string{"containers"}) {
		t.Errorf("known are %q: describe a new one in docs/upgrades.md", got)
	}
	pod := Identities{Identity: Identity{RoleARN: "r"}, Containers: []Identity{}}
	if got := pod.Critical(); len(got) > 0 {
		t.Errorf("%q restrict a pod whose containers have nothing for themselves", got)
	}
	pod.Containers = []Identity{{Container: "c", RoleARN: "r"}}
	if got := pod.Critical(); !slices.Equal(got, []string{"containers"}) {
		t.Errorf("%q restrict a pod of whose containers one has an identity for itself", got)
	}
}
