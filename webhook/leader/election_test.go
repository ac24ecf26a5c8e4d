package leader

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lease is the Lease in an API server that can be made unreachable to the second, as a real one cannot.
type lease struct {
	mu          sync.Mutex
	record      resourcelock.LeaderElectionRecord
	exists      bool
	unreachable bool
}

// lock is one replica's view of the lease.
type lock struct {
	*lease
	name string
}

var errUnreachable = errors.New("the API server is unreachable")

func (l lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.unreachable:
		return nil, nil, errUnreachable
	case !l.exists:
		return nil, nil, apierrors.NewNotFound(schema.GroupResource{Resource: "leases"}, "lease")
	}
	raw, err := json.Marshal(l.record)
	record := l.record
	return &record, raw, err
}

func (l lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l lock) Update(_ context.Context, record resourcelock.LeaderElectionRecord) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unreachable {
		return errUnreachable
	}
	l.record, l.exists = record, true
	return nil
}

func (l lock) RecordEvent(string) {}
func (l lock) Identity() string   { return l.name }
func (l lock) Describe() string   { return "lease" }

func (l *lease) setUnreachable(unreachable bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unreachable = unreachable
}

// workers counts which replicas work, and how often each began.
type workers struct {
	mu      sync.Mutex
	current string
	most    int
	now     int
	starts  map[string]int
}

func (w *workers) work(name string) Work {
	return func(ctx context.Context) error {
		w.change(name, 1)
		<-ctx.Done()
		// Work needs a moment to end.
		time.Sleep(time.Second)
		w.change("", -1)
		return ctx.Err()
	}
}

func (w *workers) change(name string, by int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += by
	w.most = max(w.most, w.now)
	w.current = name
	if by > 0 {
		w.starts[name]++
	}
}

// working is the replica that works, or "".
func (w *workers) working() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.current
}

func quiet() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func TestOneReplicaWorksAndTheOtherTakesOverWhenItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := &lease{}, &workers{starts: map[string]int{}}
		first, stopFirst := context.WithCancel(t.Context())
		second, stopSecond := context.WithCancel(t.Context())
		var replicas sync.WaitGroup
		start := func(ctx context.Context, name string) {
			replicas.Go(func() {
				e := &Election{lock: lock{l, name}, work: w.work(name), log: quiet()}
				if err := e.Start(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		start(first, "a")
		synctest.Wait()
		start(second, "b")
		time.Sleep(time.Minute)
		if w.working() != "a" {
			t.Fatalf("%q works", w.working())
		}
		stopFirst()
		// Much sooner than the lease would end by itself.
		time.Sleep(6 * time.Second)
		if w.working() != "b" {
			t.Errorf("%q works after a has stopped", w.working())
		}
		stopSecond()
		replicas.Wait()
		if w.most != 1 {
			t.Errorf("%d replicas worked at once", w.most)
		}
	})
}

func TestALeaderThatCannotReachTheAPIServerStopsWorkingUntilItCan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, w := &lease{}, &workers{starts: map[string]int{}}
		ctx, stop := context.WithCancel(t.Context())
		var replica sync.WaitGroup
		replica.Go(func() {
			if err := (&Election{lock: lock{l, "a"}, work: w.work("a"), log: quiet()}).Start(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Minute)
		l.setUnreachable(true)
		time.Sleep(renewDeadline + retryPeriod + 2*time.Second)
		if w.working() != "" {
			t.Error("it works though it cannot know whether it still holds the lease")
		}
		time.Sleep(time.Hour)
		l.setUnreachable(false)
		time.Sleep(time.Minute)
		if w.working() != "a" || w.starts["a"] != 2 {
			t.Errorf("%q works, starts %v", w.working(), w.starts)
		}
		stop()
		replica.Wait()
	})
}

func TestWorkThatFailsIsBegunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		tries := 0
		work := func(ctx context.Context) error {
			if tries++; tries < 3 {
				return errors.New("no cache")
			}
			<-ctx.Done()
			return nil
		}
		var replica sync.WaitGroup
		replica.Go(func() {
			if err := (&Election{lock: lock{&lease{}, "a"}, work: work, log: quiet()}).Start(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Minute)
		stop()
		replica.Wait()
		if tries != 3 {
			t.Errorf("%d tries", tries)
		}
	})
}
