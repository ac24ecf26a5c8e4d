package credentials_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// document is that of a pod with a role, or an empty one, and of containers in order, each as name=role.
func document(pod string, containers ...string) identity.Reading {
	var r identity.Reading
	r.Identity.RoleARN = pod
	for _, text := range containers {
		name, role, _ := strings.Cut(text, "=")
		r.Containers = append(r.Containers, contract.Identity{Container: name, RoleARN: role})
	}
	return r
}

// served is the access key ID that a container is served now, or empty.
func served(s *credentials.Sets, container string) string {
	body, ok := s.Of(container).Current().Body(time.Now())
	if !ok {
		return ""
	}
	return decode(body.Bytes)["AccessKeyId"]
}

func discard() *logrus.Logger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func TestWhatContainersAreServedAfterAChange(t *testing.T) {
	type each struct{ a, b, other string }
	for name, test := range map[string]struct {
		first, next   identity.Reading
		atOnce, later each
		calls         int
	}{
		"an identity of the pod is every container's": {
			document("p"), document("p"), each{"of p", "of p", "of p"}, each{"of p", "of p", "of p"}, 1,
		},
		"a container with one for itself has that": {
			document("p", "a=x"), document("p", "a=x"), each{"of x", "of p", "of p"}, each{"of x", "of p", "of p"}, 2,
		},
		"where only a container has one, the others have nothing": {
			document("", "a=x"), document("", "a=x"), each{"of x", "", ""}, each{"of x", "", ""}, 1,
		},
		"one that comes to have its own has the pod's until then": {
			document("p"), document("p", "a=x"), each{"of p", "of p", "of p"}, each{"of x", "of p", "of p"}, 2,
		},
		"one that comes to have its own while the pod loses its own has the pod's until then": {
			document("p"), document("", "a=x"), each{"of p", "", ""}, each{"of x", "", ""}, 2,
		},
		"one whose own is refused keeps the pod's": {
			document("p"), document("p", "a=refused"), each{"of p", "of p", "of p"}, each{"of p", "of p", "of p"}, 2,
		},
		"one that loses its own has the pod's at once": {
			document("p", "a=x"), document("p"), each{"of p", "of p", "of p"}, each{"of p", "of p", "of p"}, 2,
		},
		"one that loses its own where the pod has none has nothing at once": {
			document("", "a=x", "b=y"), document("", "b=y"), each{"", "of y", ""}, each{"", "of y", ""}, 2,
		},
		"one that loses its own never gets what was the pod's before": {
			document("p", "a=x"), document("q"), each{"", "of p", "of p"}, each{"of q", "of q", "of q"}, 3,
		},
		"one whose own changes has the former until then": {
			document("p", "a=x"), document("p", "a=y"), each{"of x", "of p", "of p"}, each{"of y", "of p", "of p"}, 3,
		},
		"another role of the pod concerns those that share it alone": {
			document("p", "a=x"), document("q", "a=x"), each{"of x", "of p", "of p"}, each{"of x", "of q", "of q"}, 3,
		},
		"no identity of the pod any more concerns those that share it alone": {
			document("p", "a=x"), document("", "a=x"), each{"of x", "", ""}, each{"of x", "", ""}, 2,
		},
		"no identity at all stops all at once":               {document("p", "a=x", "b=y"), document(""), each{}, each{}, 3},
		"a restriction that is unknown stops all at once":    {document("p", "a=x", "b=y"), identity.Reading{Problem: errors.New("unknown")}, each{}, each{}, 3},
		"a document that cannot be read changes nothing":     {document("p", "a=x"), unreadable(document("p", "a=x")), each{"of x", "of p", "of p"}, each{"of x", "of p", "of p"}, 2},
		"one that cannot be read beside containers likewise": {document("", "a=x"), unreadable(document("", "a=x")), each{"of x", "", ""}, each{"of x", "", ""}, 1},
		"a container that cannot be told apart gets nothing of its own": {
			document("p", "z=x"), document("p", "z=x"), each{"of p", "of p", "of p"}, each{"of p", "of p", "of p"}, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source := &fakeSource{answer: slow}
				s := startSets(t, source, discard(), "b", "a")
				s.SetIdentities(test.first)
				after(3 * time.Second)
				s.SetIdentities(test.next)
				if got := (each{served(s, "a"), served(s, "b"), served(s, "")}); got != test.atOnce {
					t.Errorf("at once %q, want %q", got, test.atOnce)
				}
				after(3 * time.Second)
				if got := (each{served(s, "a"), served(s, "b"), served(s, "")}); got != test.later {
					t.Errorf("later %q, want %q", got, test.later)
				}
				if n := len(source.made()); n != test.calls {
					t.Errorf("%d calls, want %d", n, test.calls)
				}
			})
		})
	}
}

func unreadable(r identity.Reading) identity.Reading {
	r.Problem = errors.New("it ends in the middle")
	return r
}

func TestAnIdentityThatComesAgainIsFetchedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSets(t, &fakeSource{answer: slow}, discard(), "a")
		for range 3 {
			s.SetIdentities(document("p", "a=x"))
			after(2 * time.Second)
			if got := served(s, "a"); got != "of x" {
				t.Errorf("with its own %q", got)
			}
			s.SetIdentities(document("p"))
			if got := served(s, "a"); got != "of p" {
				t.Errorf("without %q", got)
			}
		}
	})
}

func TestAPodWhoseContainersCannotBeToldApartIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{}
		s := startSets(t, source, discard())
		s.SetIdentities(document("p"))
		after(time.Second)
		s.SetIdentities(document("p", "a=x"))
		after(time.Hour)
		state := s.Of("a").Current()
		if !state.Refused() || !strings.Contains(state.Reason(), "create the pod again") || served(s, "") != "" || len(source.made()) != 1 {
			t.Errorf("refused %v, %q, %d calls", state.Refused(), state.Reason(), len(source.made()))
		}
		s.SetIdentities(document("p"))
		if after(time.Second); served(s, "a") == "" {
			t.Error("the pod gets nothing once the document has no containers")
		}
	})
}

func TestTheFormerCredentialsOfAContainerEndWhenTheyExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSets(t, &fakeSource{answer: slow}, discard(), "a")
		s.SetIdentities(document("p"))
		after(2 * time.Second)
		s.SetIdentities(document("p", "a=refused"))
		after(50 * time.Minute)
		if got := served(s, "a"); got != "of p" {
			t.Errorf("before they expire %q", got)
		}
		after(20 * time.Minute)
		if got := served(s, "a"); got != "" || served(s, "") != "of p" {
			t.Errorf("after that %q, and the pod %q", got, served(s, ""))
		}
		if reason := s.Of("a").Current().Reason(); reason != "container a: no" {
			t.Errorf("the reason is %q", reason)
		}
	})
}
