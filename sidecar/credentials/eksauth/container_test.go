package eksauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/ststest"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestTheServiceIsToldForWhichContainerAnIdentityIs(t *testing.T) {
	var sent []string
	fake := newFakeAuth(t, func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, strings.Join(r.Header.Values("Pod-Identity-Container"), "+"))
		id := contract.Identity{RoleARN: role}
		w.Header().Set(contract.HeaderIdentityDigest, id.Digest())
		succeed(w, session, time.Now().Add(time.Hour))
	})
	for _, container := range []string{"", "agent"} {
		if _, err := fake.source(t).Fetch(t.Context(), contract.Identity{Container: container, RoleARN: role}); err != nil {
			t.Error(err)
		}
	}
	if len(sent) != 2 || sent[0] != "" || sent[1] != "agent" {
		t.Errorf("sent %q", sent)
	}
}

func TestAmazonsServiceIsNotAskedForAnIdentityOfAContainer(t *testing.T) {
	fake := newFakeAuth(t, nil)
	source := fake.source(t)
	source.Region = ststest.Region
	_, err := source.Fetch(t.Context(), contract.Identity{Container: "agent", RoleARN: role})
	if f := failure(t, err); f.Verdict != credentials.Refused || !strings.Contains(f.Reason, "remove spec.container") {
		t.Errorf("got %+v", f)
	}
	if paths, _ := fake.requests(); len(paths) > 0 {
		t.Errorf("requests %q", paths)
	}
}
