package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/server"
)

// pair is the server of a pod whose container a has a role for itself, and b none.
func pair(t testing.TB, made *server.Tokens) http.Handler {
	t.Helper()
	sets := newSets(t, source{}, "a", "b")
	document := associated()
	document.Containers = []contract.Identity{{Container: "a", RoleARN: "arn:aws:iam::111122223333:role/a"}}
	sets.SetIdentities(document)
	for _, name := range []string{"", "a"} {
		awaitRole(sets.Of(name), name)
	}
	return server.New(of(sets), reporter(t, sets), made, discardLog(), time.Now).Handler()
}

// awaitRole waits until the source, which names the container, has given something for it.
func awaitRole(k server.Keeper, container string) {
	for {
		changed := k.Changed()
		if body, ok := k.Current().Body(time.Now()); ok && strings.Contains(string(body.Bytes), `"ASIA`+container+`"`) {
			return
		}
		<-changed
	}
}

// answer is the access key ID that a token gets, or the status if there is none.
func answer(h http.Handler, token string) string {
	r := request()
	r.Header.Set("Authorization", token)
	w := do(h, r)
	if w.Code != http.StatusOK {
		return w.Result().Status
	}
	key, _, _ := strings.Cut(strings.TrimPrefix(w.Body.String(), `{"AccessKeyId":"`), `"`)
	return key
}

func TestTheTokenTellsWhichContainerAsks(t *testing.T) {
	f := newFolder(t)
	f.process("", "a", "b")
	made := f.process("", "a", "b")
	h := pair(t, made)
	for name, want := range map[string]string{"a": "ASIAa", "b": "ASIA", "": "ASIA"} {
		if got := answer(h, f.token(name)); got != want {
			t.Errorf("%q gets %q, want %q", name, got, want)
		}
	}
	old := f.token("a")
	f.rotate(made, true)
	if got := answer(h, old); got != "401 Unauthorized" {
		t.Errorf("with a token that was replaced it gets %q", got)
	}
	if got := answer(h, f.token("a")); got != "ASIAa" {
		t.Errorf("with the new token it gets %q", got)
	}
}

func TestARequestThatWaitsNoticesThatItsContainerHasARoleForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		sets := newSets(t, source{delay: 400 * time.Millisecond}, "a")
		h := server.New(of(sets), reporter(t, sets), f.process("", "a"), discardLog(), time.Now).Handler()
		own := []contract.Identity{{Container: "a", RoleARN: "arn:aws:iam::111122223333:role/a"}}
		sets.SetIdentities(associated())
		go func() {
			time.Sleep(100 * time.Millisecond)
			sets.SetIdentities(identity.Reading{Containers: own})
		}()
		if got := answer(h, f.token("a")); got != "ASIAa" {
			t.Errorf("it gets %q", got)
		}
	})
}
