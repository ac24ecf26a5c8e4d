package check

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestWhatCannotBeReadIsUnknownAndWhoMayNotReadItIsToldWhichRoleHelps(t *testing.T) {
	var g golden
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no"))
	g.add(t, "the right is missing", []Finding{unknown("pods", forbidden)})
	g.add(t, "the API server is away", []Finding{unknown("pods", errors.New("dial tcp: connection refused"))})
	g.compare(t, "testdata/unknown.txt")
}

func TestSomethingWrongCountsMoreThanSomethingUnknown(t *testing.T) {
	unread := unknown("pods", errors.New("no"))
	for name, test := range map[string]struct {
		findings []Finding
		want     string
	}{
		"all is well":             {[]Finding{ok("a", "b"), note("a", "b")}, ""},
		"something is unknown":    {[]Finding{ok("a", "b"), unread}, "pods could not be looked at"},
		"something is wrong":      {[]Finding{wrong("a", "b", "c")}, "something is wrong"},
		"both, and unknown first": {[]Finding{unread, wrong("a", "b", "c")}, "something is wrong"},
	} {
		err := Err([]Report{{Findings: test.findings}})
		if (err != nil) != (test.want != "") || err != nil && err.Error() != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
