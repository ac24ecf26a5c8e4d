package credentials_test

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// outage is an STS that fails a fleet for a while. It is in memory, because the clock of the test is simulated.
type outage struct {
	failure atomic.Pointer[credentials.Failure]

	mu sync.Mutex
	// back is when STS came back, and windows the calls since then. It throttles none: what matters is how many come.
	back    time.Time
	window  time.Duration
	windows []int
}

// Fetch implements credentials.Source.
func (o *outage) Fetch(context.Context, contract.Identity) (credentials.Credentials, error) {
	if failure := o.failure.Load(); failure != nil {
		return credentials.Credentials{}, failure
	}
	o.mu.Lock()
	if i := int(time.Since(o.back) / o.window); i < len(o.windows) {
		o.windows[i]++
	}
	o.mu.Unlock()
	return good(1, time.Hour), nil
}

// end ends the outage and counts the calls of the next hour.
func (o *outage) end() {
	o.mu.Lock()
	o.back, o.windows = time.Now(), make([]int, time.Hour/o.window)
	o.mu.Unlock()
	o.failure.Store(nil)
}

// pod is a sidecar of the fleet, without its servers.
type pod struct {
	sets   *credentials.Sets
	status *readiness.Reporter
}

func startPod(t *testing.T, source credentials.Source, file string, log *logrus.Logger) pod {
	t.Helper()
	sets := startSets(t, source, log)
	r := readiness.NewReporter(sets, time.Now, file, log)
	ctx, stop := context.WithCancel(t.Context())
	go r.Run(ctx)
	t.Cleanup(stop)
	sets.SetIdentities(reader("role"))
	return pod{sets, r}
}

// check counts the pods that are unready, that serve something and that have trouble. None may serve what has expired.
func check(t *testing.T, pods []pod) (unready, serving, troubled int) {
	t.Helper()
	for _, p := range pods {
		s := p.status.Status()
		if !s.Started {
			unready++
		}
		if s.Trouble != "" {
			troubled++
		}
		body, ok := p.sets.Of("").Current().Body(time.Now())
		if !ok {
			continue
		}
		serving++
		expires, err := time.Parse(time.RFC3339, decode(body.Bytes)["Expiration"])
		if err != nil || !expires.After(time.Now()) {
			t.Fatalf("credentials are served that expire at %s, %v", expires, err)
		}
	}
	return unready, serving, troubled
}

// TestAFleetOutlastsAnOutageOf15Hours counts the calls of 5,000 sidecars by the second, and those of a smaller fleet by longer windows. STS
// takes 100, as docs/benchmarks.md assumes: Amazon documents no rate of AssumeRoleWithWebIdentity.
func TestAFleetOutlastsAnOutageOf15Hours(t *testing.T) {
	for name, failure := range map[string]credentials.Failure{
		"STS is away":           {Reason: "away", Verdict: credentials.Transient},
		"STS refuses everybody": {Reason: "refused", Verdict: credentials.Provisional},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			synctest.Test(t, func(t *testing.T) { outlast(t, &failure, folder) })
		})
	}
}

func outlast(t *testing.T, failure *credentials.Failure, folder string) {
	t.Helper()
	size := *fleetSize
	if size < wholeFleet {
		size /= 4 // 15 hours of an outage cost as much as 15 days without
	}
	sts := &outage{back: time.Now(), window: time.Second * wholeFleet / time.Duration(size)}
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.SetLevel(logrus.PanicLevel)
	pods := make([]pod, size)
	for i := range pods {
		pods[i] = startPod(t, sts, filepath.Join(folder, strconv.Itoa(i)), log)
	}
	after(6 * time.Hour)
	sts.failure.Store(failure)
	for minute := range 15 * 60 {
		after(time.Minute)
		if minute > 70 && minute%60 != 0 {
			continue
		}
		unready, serving, _ := check(t, pods)
		if unready > 0 || minute < 25 && serving < len(pods) || minute > 60 && serving > 0 {
			t.Fatalf("%d minutes after STS went away %d of %d are unready and %d serve credentials", minute, unready, len(pods), serving)
		}
	}
	sts.end()
	healed := time.Duration(0)
	for unready, serving, troubled := check(t, pods); serving < len(pods) || troubled > 0; unready, serving, troubled = check(t, pods) {
		if unready > 0 || healed > 5*time.Minute {
			t.Fatalf("%s after STS came back %d are unready, %d of %d serve credentials and %d have trouble", healed, unready, serving, len(pods), troubled)
		}
		after(time.Second)
		healed += time.Second
	}
	after(time.Hour - healed)
	peak := slices.Max(sts.windows)
	t.Logf("all of %d healed within %s, with at most %d calls in %s", len(pods), healed, peak, sts.window)
	if failure.Verdict == credentials.Transient {
		t.Attr("healed-seconds", strconv.FormatFloat(healed.Seconds(), 'f', 0, 64))
		t.Attr("calls-a-second", strconv.Itoa(peak))
	}
	if peak > 100 {
		t.Errorf("%d calls came in %s", peak, sts.window)
	}
}
