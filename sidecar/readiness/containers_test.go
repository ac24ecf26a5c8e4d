package readiness_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// byRole gives credentials of a role after a second, and refuses roles or lets them wait by their names.
type byRole struct {
	mended atomic.Bool
}

// Fetch implements credentials.Source.
func (s *byRole) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	switch {
	case s.mended.Load():
	case strings.HasPrefix(id.RoleARN, "refused"):
		return credentials.Credentials{}, &credentials.Failure{Reason: "STS refuses " + id.RoleARN, Verdict: credentials.Refused}
	case id.RoleARN == "down":
		return credentials.Credentials{}, &credentials.Failure{Reason: "STS is down", Verdict: credentials.Transient}
	case id.RoleARN == "slow":
		<-ctx.Done()
		return credentials.Credentials{}, ctx.Err()
	}
	return sourceThat(works).Fetch(ctx, id)
}

// runContainers starts a sidecar of the containers a and b, where the pod has a role, or an empty one, and so have containers, each as name=role.
func runContainers(t *testing.T, source credentials.Source, pod string, containers ...string) (*readiness.Reporter, *credentials.Sets) {
	t.Helper()
	log := logrus.New()
	log.SetOutput(new(bytes.Buffer))
	sets := credentials.NewSets(source, []string{"b", "a"}, log, time.Now)
	sets.SetIdentities(document(pod, containers...))
	r := readiness.NewReporter(sets, time.Now, filepath.Join(t.TempDir(), "started"), log)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { sets.Run(ctx) })
	running.Go(func() { r.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return r, sets
}

func document(pod string, containers ...string) identity.Reading {
	var is identity.Reading
	is.Identity.RoleARN = pod
	for _, text := range containers {
		name, role, _ := strings.Cut(text, "=")
		is.Containers = append(is.Containers, contract.Identity{Container: name, RoleARN: role})
	}
	return is
}

func TestThePodIsWhatItsSetsAreTogether(t *testing.T) {
	const pending = "the first credentials are being fetched: try again"
	for name, test := range map[string]struct {
		pod        string
		containers []string
		want       readiness.Status
	}{
		"all have credentials":                 {"r", []string{"a=x", "b=y"}, readiness.Status{State: readiness.Available, Started: true}},
		"the pod has no role, a container has": {"", []string{"a=x"}, readiness.Status{State: readiness.Available, Started: true}},
		"nothing has a role": {"", nil, readiness.Status{
			State: readiness.Unassociated, Started: true, Reason: "no PodIdentityAssociation gives an IAM role to this pod's service account: create one",
		}},
		"one container is refused": {"r", []string{"a=x", "b=refused y"}, readiness.Status{
			State: readiness.Refused, Reason: "container b: STS refuses refused y", Failing: true, Trouble: "container b: STS refuses refused y",
		}},
		"the only container with a role is refused": {"", []string{"a=refused x"}, readiness.Status{
			State: readiness.Refused, Reason: "container a: STS refuses refused x", Failing: true, Trouble: "container a: STS refuses refused x",
		}},
		"one container waits":     {"r", []string{"b=slow"}, readiness.Status{State: readiness.Pending, Reason: "container b: " + pending}},
		"the pod itself waits":    {"slow", []string{"b=y"}, readiness.Status{State: readiness.Pending, Reason: pending}},
		"one fails for a moment":  {"r", []string{"a=down"}, readiness.Status{State: readiness.Pending, Failing: true, Reason: "container a: STS is down", Trouble: "container a: STS is down"}},
		"an unknown container is": {"r", []string{"z=refused"}, readiness.Status{State: readiness.Available, Started: true}},
		"several are in trouble, one of which waits": {"refused p", []string{"a=slow", "b=refused y"}, readiness.Status{
			State: readiness.Pending, Failing: true, Reason: "STS refuses refused p; container a: " + pending + "; container b: STS refuses refused y",
			Trouble: "STS refuses refused p; container b: STS refuses refused y",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _ := runContainers(t, new(byRole), test.pod, test.containers...)
				time.Sleep(5 * time.Second)
				if got := r.Status(); got != test.want {
					t.Errorf("got  %+v\nwant %+v", got, test.want)
				}
			})
		})
	}
}

func TestThePodIsReadyOnceTheLastContainerHasItsCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := new(byRole)
		r, _ := runContainers(t, source, "r", "a=refused x")
		before := time.Now()
		go func() {
			time.Sleep(time.Minute)
			source.mended.Store(true)
		}()
		s := r.Await(t.Context(), nil, func(s readiness.Status) bool { return s.Started })
		if s.State != readiness.Available || time.Since(before) < time.Minute || time.Since(before) > 2*time.Minute {
			t.Errorf("%+v after %s", s, time.Since(before))
		}
	})
}

func TestAWaitNoticesThatTheIdentityWhichWasAwaitedIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, sets := runContainers(t, new(byRole), "r", "a=slow")
		before := time.Now()
		go func() {
			time.Sleep(time.Second)
			sets.SetIdentities(document("r"))
		}()
		if s := r.Await(t.Context(), nil, func(s readiness.Status) bool { return s.State != readiness.Pending }); s.State != readiness.Available || time.Since(before) != time.Second {
			t.Errorf("%+v after %s", s, time.Since(before))
		}
	})
}

func TestWhatIsSaidOfManyContainersFitsIntoAnEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		role := "refused " + strings.Repeat("é", 300)
		r, _ := runContainers(t, new(byRole), role, "a="+role, "b="+role)
		time.Sleep(5 * time.Second)
		s := r.Status()
		for what, text := range map[string]string{"the reason": s.Reason, "the trouble": s.Trouble} {
			if len(text) < 800 || len(text) > 950 || !utf8.ValidString(text) || !strings.HasSuffix(text, "…") {
				t.Errorf("%s has %d bytes: %s", what, len(text), fmt.Sprintf("%.40q", text))
			}
		}
	})
}
