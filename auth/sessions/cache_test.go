package sessions_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/ststest"
)

func TestACachedSessionIsOnlyForItsPodAndIdentity(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*tokens.Pod, *contract.Identity)
		cached bool
	}{
		"the same pod and identity":                  {func(*tokens.Pod, *contract.Identity) {}, true},
		"another pod of the name":                    {func(p *tokens.Pod, _ *contract.Identity) { p.UID = "other" }, false},
		"another service account":                    {func(p *tokens.Pod, _ *contract.Identity) { p.ServiceAccount = "back" }, false},
		"another namespace":                          {func(p *tokens.Pod, _ *contract.Identity) { p.Namespace = "bank" }, false},
		"another role":                               {func(_ *tokens.Pod, id *contract.Identity) { id.RoleARN = target }, false},
		"a policy that the association has now":      {func(_ *tokens.Pod, id *contract.Identity) { id.Policy = "{}" }, false},
		"another association that says just as much": {func(_ *tokens.Pod, id *contract.Identity) { id.Association = "b" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			sts := ststest.New(t)
			i := issuer(t, sts)
			p, id := pod(), contract.Identity{Association: "a", RoleARN: role}
			if _, _, err := i.Session(t.Context(), p, id); err != nil {
				t.Fatal(err)
			}
			test.change(&p, &id)
			_, cached, err := i.Session(t.Context(), p, id)
			if err != nil || cached != test.cached || len(sts.Requests()) != map[bool]int{true: 1, false: 2}[test.cached] {
				t.Errorf("cached: %v, %d calls of STS, %v", cached, len(sts.Requests()), err)
			}
		})
	}
}

func TestARefusalIsNotCached(t *testing.T) {
	sts := ststest.New(t)
	i := issuer(t, sts)
	sts.Answer(ststest.Refuse(http.StatusForbidden, "AccessDenied", "not yet"))
	if _, _, err := i.Session(t.Context(), pod(), contract.Identity{RoleARN: role}); err == nil {
		t.Fatal("no error")
	}
	sts.Answer(nil)
	if _, _, err := i.Session(t.Context(), pod(), contract.Identity{RoleARN: role}); err != nil {
		t.Error(err)
	}
}

func TestConcurrentRequestsOfAPodAreOneCallOfSTS(t *testing.T) {
	sts := ststest.New(t)
	received, proceed := make(chan struct{}), make(chan struct{})
	sts.Answer(func(w http.ResponseWriter, r *http.Request) {
		close(received) // a second time it panics
		<-proceed
		ststest.Succeed(w, r, "ASIA", "secret", time.Now().Add(time.Hour))
	})
	i := issuer(t, sts)
	var all, begun sync.WaitGroup
	ask := func() {
		begun.Done()
		if s, _, err := i.Session(t.Context(), pod(), contract.Identity{RoleARN: role}); err != nil || s.AccessKeyID != "ASIA" {
			t.Errorf("%+v %v", s, err)
		}
	}
	begun.Add(20)
	all.Go(ask)
	<-received
	for range 19 {
		all.Go(ask)
	}
	begun.Wait()
	close(proceed)
	all.Wait()
}
