package leader_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/webhook/leader"
)

// workers counts which replicas work, and how often each began.
type workers struct {
	mu      sync.Mutex
	current string
	most    int
	now     int
	starts  map[string]int
}

func (w *workers) work(name string) leader.Work {
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

// replicas are those of one webhook. Each test of them runs in a bubble of synctest.
type replicas struct {
	t *testing.T
	*lease
	*workers
	logged *logrustest.Hook
}

func inBubble(t *testing.T, test func(r *replicas)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(&replicas{t: t, lease: &lease{t: t}, workers: &workers{starts: map[string]int{}}, logged: new(logrustest.Hook)})
	})
}

// start runs a replica until stop, which waits until it has ended.
func (r *replicas) start(work leader.Work) (stop func()) {
	r.t.Helper()
	return r.startWith(r.config(), work)
}

func (r *replicas) startWith(api *rest.Config, work leader.Work) (stop func()) {
	r.t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	log.AddHook(r.logged)
	e, err := leader.NewElection(api, types.NamespacedName{Namespace: "pod-identity", Name: "lease"}, work, log)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Start(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Error(err)
		}
	}
}
