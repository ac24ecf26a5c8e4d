package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
)

// fakeSource is a source in memory, since no network runs on the simulated clock of these tests.
type fakeSource struct {
	mu    sync.Mutex
	calls []call
	// answer is what the nth call, from 1, returns. If it is nil, the call succeeds.
	answer func(ctx context.Context, n int, id contract.Identity) (credentials.Credentials, error)
}

type call struct {
	at time.Time
	id contract.Identity
}

func (f *fakeSource) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	f.mu.Lock()
	f.calls = append(f.calls, call{time.Now(), id})
	n, answer := len(f.calls), f.answer
	f.mu.Unlock()
	if answer == nil {
		return good(n, time.Hour), nil
	}
	return answer(ctx, n, id)
}

func (f *fakeSource) made() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]call(nil), f.calls...)
}

// good is the nth set of credentials.
func good(n int, life time.Duration) credentials.Credentials {
	return credentials.Credentials{
		AccessKeyID: fmt.Sprintf("ASIA%d", n), SecretAccessKey: "secret", SessionToken: "token",
		Expiration: time.Now().Add(life), AccountID: "111122223333",
	}
}

func reader(role string) identity.Reading {
	return identity.Reading{Identity: contract.Identity{RoleARN: role}}
}

func errDown() error {
	return errors.New("fake STS is down")
}

// wallClock is the clock of a node, which a test may set.
type wallClock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (n *wallClock) now() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Now().Round(0).Add(n.offset)
}

func (n *wallClock) set(offset time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offset = offset
}

// start runs a Keeper until the test ends.
func start(t *testing.T, source credentials.Source, wall func() time.Time) *credentials.Keeper {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	return startLogging(t, source, wall, log)
}

func startLogging(t *testing.T, source credentials.Source, wall func() time.Time, log *logrus.Logger) *credentials.Keeper {
	t.Helper()
	k := credentials.New(source, log, wall)
	run(t, k.Run)
	return k
}

// startSets runs Sets until the test ends.
func startSets(t *testing.T, source credentials.Source, log *logrus.Logger, containers ...string) *credentials.Sets {
	t.Helper()
	s := credentials.NewSets(source, containers, log, time.Now)
	run(t, s.Run)
	return s
}

func run(t *testing.T, f func(context.Context)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

// key is the access key ID that is served now, or empty.
func key(k *credentials.Keeper) string {
	body, ok := k.Current().Body(time.Now())
	if !ok {
		return ""
	}
	return decode(body.Bytes)["AccessKeyId"]
}

// after lets time pass, and everything happen that is due.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
