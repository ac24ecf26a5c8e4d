package contract_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

// FuzzClusterNamesAreThoseOfTheModel compares with the pattern of the API's model.
func FuzzClusterNamesAreThoseOfTheModel(f *testing.F) {
	for _, name := range []string{"green", "Green_1-a", "", "-green", "_green", "a/b", "grün", "green\n", strings.Repeat("g", 100), strings.Repeat("g", 101)} {
		f.Add(name)
	}
	pattern := regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	f.Fuzz(func(t *testing.T, name string) {
		if got, want := contract.ValidClusterName(name), pattern.MatchString(name); got != want {
			t.Errorf("%q: %t, want %t", name, got, want)
		}
	})
}
