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

// lease stands for the Lease in an API server that can be away on command, which a real one cannot be to the second.
type lease struct {
	mu     sync.Mutex
	record resourcelock.LeaderElectionRecord
	held   bool
	away   bool
}

// lock is one replica's view of the lease.
type lock struct {
	*lease
	name string
}

var errAway = errors.New("the API server is away")

func (l lock) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.away:
		return nil, nil, errAway
	case !l.held:
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
	if l.away {
		return errAway
	}
	l.record, l.held = record, true
	return nil
}

func (l lock) RecordEvent(string) {}
func (l lock) Identity() string   { return l.name }
func (l lock) Describe() string   { return "lease" }

func (l *lease) leave(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

// office counts who works, and how often each began.
type office struct {
	mu      sync.Mutex
	working string
	most    int
	now     int
	terms   map[string]int
}

func (o *office) work(name string) Work {
	return func(ctx context.Context) error {
		o.change(name, 1)
		<-ctx.Done()
		// Whoever works needs a moment to end.
		time.Sleep(time.Second)
		o.change("", -1)
		return ctx.Err()
	}
}

func (o *office) change(name string, by int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now += by
	o.most = max(o.most, o.now)
	o.working = name
	if by > 0 {
		o.terms[name]++
	}
}

func (o *office) who() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.working
}

func quiet() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

func TestOneReplicaWorksAndTheOtherTakesOverWhenItStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, o := &lease{}, &office{terms: map[string]int{}}
		first, stopFirst := context.WithCancel(t.Context())
		second, stopSecond := context.WithCancel(t.Context())
		var replicas sync.WaitGroup
		start := func(ctx context.Context, name string) {
			replicas.Go(func() {
				e := &Election{lock: lock{l, name}, work: o.work(name), log: quiet()}
				if err := e.Start(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		start(first, "a")
		synctest.Wait()
		start(second, "b")
		time.Sleep(time.Minute)
		if o.who() != "a" {
			t.Fatalf("%q works", o.who())
		}
		stopFirst()
		// Much sooner than the lease would end by itself.
		time.Sleep(6 * time.Second)
		if o.who() != "b" {
			t.Errorf("%q works after a has stopped", o.who())
		}
		stopSecond()
		replicas.Wait()
		if o.most != 1 {
			t.Errorf("%d replicas worked at once", o.most)
		}
	})
}

func TestALeaderThatLosesTheAPIServerStopsWorkingAndTakesItUpAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, o := &lease{}, &office{terms: map[string]int{}}
		ctx, stop := context.WithCancel(t.Context())
		var replica sync.WaitGroup
		replica.Go(func() {
			if err := (&Election{lock: lock{l, "a"}, work: o.work("a"), log: quiet()}).Start(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Minute)
		l.leave(true)
		time.Sleep(renewDeadline + retryPeriod + 2*time.Second)
		if o.who() != "" {
			t.Error("it works though it cannot know whether it leads")
		}
		time.Sleep(time.Hour)
		l.leave(false)
		time.Sleep(time.Minute)
		if o.who() != "a" || o.terms["a"] != 2 {
			t.Errorf("%q works, terms %v", o.who(), o.terms)
		}
		stop()
		replica.Wait()
	})
}

func TestWorkThatFailsIsBegunAnew(t *testing.T) {
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
