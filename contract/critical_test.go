package contract

import (
	"reflect"
	"slices"
	"testing"
)

// No field of Identity is critical yet; this stands for a later version of it.
type later struct {
	RoleARN  string `json:"roleARN"`
	Boundary string `critical:"true" json:"boundary,omitempty"`
	Network  string `critical:"true" json:"network,omitempty"`
}

func TestTheCriticalFieldsOfAnIdentityAreThoseThatRestrictIt(t *testing.T) {
	set := func(f reflect.StructField, v reflect.Value) bool { return isCritical(f, v) && !v.IsZero() }
	if got := names(later{RoleARN: "r", Boundary: "b"}, set); !slices.Equal(got, []string{"boundary"}) {
		t.Errorf("in use are %q", got)
	}
	if got := names(later{}, isCritical); !slices.Equal(got, []string{"boundary", "network"}) {
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

// Sidecars of the first release know the fields of that release without a word: to name one of them would harm older ones for nothing.
func TestNoFieldIsCriticalYet(t *testing.T) {
	if got := KnownCritical(); len(got) > 0 {
		t.Errorf("%q are critical: describe them in docs/upgrades.md, and remove this test", got)
	}
}
