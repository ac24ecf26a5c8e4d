package chaos_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	// outage is the environment variable that has STS fail for 20 minutes with sessions of 15, the shortest of AWS.
	outage     = "OUTAGE"
	longOutage = 20 * time.Minute
	// The proxy of STS makes up shortSession. Its last 15 s are not served, so that a sidecar has nothing left after shortOutage.
	shortOutage  = 24 * time.Second
	shortSession = 36 * time.Second
)

func isLong() bool { return os.Getenv(outage) != "" }

// session is how long the credentials are good that the proxy of STS hands on, or zero for as long as they are.
func session() time.Duration {
	if isLong() {
		return 0
	}
	return shortSession
}

// stsFault is something that STS does to the pods of a namespace that have started, or that happens to them while STS is in trouble.
type stsFault struct {
	name          string
	breaks, mends func(t *testing.T, s *suite, namespace string)
	// says is what the events of a pod tell meanwhile, where it is looked for.
	says string
	// unready tells that the kubelet itself makes a pod unready, for a moment.
	unready bool
}

func stsFaults() []stsFault {
	answers, refuses, silent := becomes(platform.Answering), becomes(platform.Refusing), becomes(platform.Silent)
	all := []stsFault{
		{name: "STS does not answer", breaks: silent, mends: answers},
		{name: "an edit to a role that STS does not give", breaks: wrongRole, mends: rightRole, says: "STS refuses role"},
		{name: "a sidecar is killed while STS does not answer", breaks: func(t *testing.T, s *suite, namespace string) {
			silent(t, s, namespace)
			s.killSidecar(t, namespace, "app-0")
		}, mends: answers, unready: true},
	}
	if isLong() {
		// A sidecar asks again within 30 s, which is long in the short form; the wrong role is refused there too.
		all = append(all, stsFault{name: "STS refuses everybody", breaks: refuses, mends: answers})
	}
	return all
}

func becomes(mode platform.STSMode) func(*testing.T, *suite, string) {
	return func(t *testing.T, s *suite, namespace string) { s.sts.SetFor(t, namespace, mode) }
}

func wrongRole(t *testing.T, s *suite, namespace string) {
	s.giveRole(t, namespace, "app", s.RefusedRoleARN)
}

func rightRole(t *testing.T, s *suite, namespace string) { s.giveRole(t, namespace, "app", s.RoleARN) }

func (s *suite) giveRole(t *testing.T, namespace, account, role string) {
	t.Helper()
	s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %[1]s}\n"+
		"spec: {namespace: %[1]s, serviceAccount: %[2]s, roleARN: %[3]q, sessionDuration: 15m}", namespace, account, role), "apply", "--filename=-")
}

// faultsOfSTS has all of them happen at once, to other pods each, and returns their table.
func faultsOfSTS(t *testing.T, s *suite) (table string) {
	all := stsFaults()
	rows := make([]string, len(all)+1)
	t.Run("of STS", func(t *testing.T) {
		var running sync.WaitGroup
		defer running.Wait()
		// t.Parallel would run as many as there are processors: these mostly wait.
		for i, f := range all {
			running.Go(func() {
				t.Run(f.name, func(t *testing.T) { rows[i] = f.happen(t, s, fmt.Sprint("served-", i)) })
			})
		}
		running.Go(func() {
			t.Run("a role is mended before the first credentials", func(t *testing.T) { rows[len(all)] = mendedRole(t, s) })
		})
	})
	return "| what happens | for | changes of the EndpointSlice | unready | containers restarted | without credentials | well again after |\n" +
		"|---|---:|---:|---:|---:|---:|---:|\n" + strings.Join(rows, "\n") + "\n"
}

// happen has it happen to three pods of a Service, and proves that none is made unready or restarted, or serves what has expired.
func (f stsFault) happen(t *testing.T, s *suite, namespace string) string {
	t.Helper()
	s.labelled(t, namespace)
	rightRole(t, s, namespace)
	s.serve(t, namespace)
	stop := s.watchEndpoints(t, namespace)
	length := shortOutage
	if isLong() {
		length = longOutage
	}
	f.breaks(t, s, namespace)
	if f.says != "" {
		// From when the pods know of it: they have other credentials until then.
		s.awaitEvent(t, namespace, f.says)
	}
	<-time.After(length)
	if f.unready {
		s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod", "--all", "--timeout=3m")
	}
	mended := time.Now()
	f.mends(t, s, namespace)
	s.awaitServed(t, namespace, mended)
	healed := time.Since(mended)
	// What is late is seen too.
	<-time.After(2 * time.Second)
	seen := stop()
	if seen.changes > 0 && !f.unready {
		t.Errorf("the EndpointSlice changed %d times", seen.changes)
	}
	restarts := s.containerRestarts(t, namespace)
	if !f.unready && restarts > 0 {
		t.Errorf("containers restarted %d times", restarts)
	}
	gap := s.gap(t, namespace)
	if gap == 0 {
		t.Error("no pod was without credentials: this shows nothing")
	}
	return fmt.Sprintf("| %s | %s | %d | %.1f s | %d | %s | %.0f s |", f.name, length, seen.changes, seen.unready.Seconds(), restarts, gap, healed.Seconds())
}

// mendedRole has STS refuse a pod that has not started, and then give it the role.
func mendedRole(t *testing.T, s *suite) string {
	const namespace = "mended"
	s.labelled(t, namespace)
	s.sts.SetFor(t, namespace, platform.Refusing)
	rightRole(t, s, namespace)
	s.apply(t, namespace)
	begin := time.Now()
	s.await(t, "two refusals of each pod", func(context.Context) (bool, error) { return s.asked(t, namespace) >= 2*replicas, nil })
	if endpoints := s.readyEndpoints(t, namespace); endpoints != 0 {
		t.Errorf("%d pods are ready without credentials", endpoints)
	}
	mended := time.Now()
	s.sts.SetFor(t, namespace, platform.Answering)
	s.awaitServed(t, namespace, mended)
	return fmt.Sprintf("| %s | %.0f s | – | – | %d | – | %.0f s |", "a role is mended before the first credentials", mended.Sub(begin).Seconds(),
		s.containerRestarts(t, namespace), time.Since(mended).Seconds())
}

// asked is how often the pods of a namespace have asked STS.
func (s *suite) asked(t *testing.T, namespace string) (times int) {
	t.Helper()
	for _, request := range s.sts.Requests(t) {
		if strings.HasSuffix(request.Get("RoleSessionName"), "@"+namespace) {
			times++
		}
	}
	return times
}
