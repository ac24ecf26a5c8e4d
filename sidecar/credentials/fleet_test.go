package credentials_test

import (
	"context"
	"flag"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

var fleetSize = flag.Int("fleet", 1000, "number of sidecars in TestAFleetStartedTogether")

const (
	fleetHours = 6
	// wholeFleet is the number of sidecars whose calls are counted by the minute. Those of a smaller fleet are counted over longer
	// intervals, since chance makes a greater difference among fewer calls.
	wholeFleet = 5000
	// callDuration is how long a call takes.
	callDuration = 50 * time.Millisecond
)

// limitedSTS throttles calls above a rate, as AWS does for an account. It is in memory, because the clock of the test is simulated.
type limitedSTS struct {
	perSecond int
	window    time.Duration

	mu      sync.Mutex
	begin   time.Time
	seconds map[int]int
	// windows counts all calls, throttled or not.
	windows []int
	// last is when the last sidecar got its first credentials.
	last time.Duration
}

// take counts a call and reports whether it is throttled.
func (l *limitedSTS) take() (throttled bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	since := time.Since(l.begin)
	l.windows[min(int(since/l.window), len(l.windows)-1)]++
	l.seconds[int(since/time.Second)]++
	return l.seconds[int(since/time.Second)] > l.perSecond
}

// member is one sidecar of the fleet.
type member struct {
	*limitedSTS
	expires time.Time
	expired bool
}

func (m *member) Fetch(_ context.Context, _ contract.Identity) (credentials.Credentials, error) {
	throttled := m.take()
	time.Sleep(callDuration)
	if throttled {
		return credentials.Credentials{}, &credentials.Failure{Reason: "Throttling: Rate exceeded", Verdict: credentials.Throttled}
	}
	if m.expires.IsZero() {
		m.mu.Lock()
		m.last = max(m.last, time.Since(m.begin))
		m.mu.Unlock()
	}
	m.expired = m.expired || !m.expires.IsZero() && time.Now().After(m.expires)
	set := good(1, time.Hour)
	m.expires = set.Expiration
	return set, nil
}

// TestAFleetStartedTogether tests rule 29 for a whole fleet, as after an outage of a data centre. The rate limit of STS is in
// proportion to its size: 100 calls a second for 5,000 sidecars.
func TestAFleetStartedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		window := time.Minute * wholeFleet / time.Duration(*fleetSize)
		sts := &limitedSTS{
			perSecond: *fleetSize / 50, window: window,
			begin: time.Now(), seconds: map[int]int{}, windows: make([]int, fleetHours*time.Hour/window),
		}
		log := logrus.New()
		log.SetOutput(io.Discard)
		log.SetLevel(logrus.PanicLevel)
		members := make([]*member, *fleetSize)
		for i := range members {
			members[i] = &member{limitedSTS: sts}
			startLogging(t, members[i], time.Now, log).SetIdentity(reader("role"))
		}
		after(fleetHours * time.Hour)
		expired := 0
		for _, m := range members {
			if m.expired || m.expires.Before(time.Now()) {
				expired++
			}
		}
		steady := sts.windows[time.Hour/window:]
		sum := 0
		for _, calls := range steady {
			sum += calls
		}
		ratio := float64(slices.Max(steady)) * float64(len(steady)) / float64(sum)
		t.Attr("expired", strconv.Itoa(expired))
		t.Attr("peak-to-mean", strconv.FormatFloat(ratio, 'f', 2, 64))
		t.Attr("last-start-seconds", strconv.FormatFloat(sts.last.Seconds(), 'f', 1, 64))
		if expired > 0 || ratio > 2 {
			t.Errorf("the credentials of %d sidecars expired, and the peak is %.2f means", expired, ratio)
		}
	})
}
