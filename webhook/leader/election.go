// Package leader has one replica at a time do what two must not do at once. The others still serve, and so does one that
// loses its lease: it only stops this work.
package leader

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// A leader that disappears without releasing its lease is replaced after leaseDuration and at most 4.4 times retryPeriod: a
// candidate looks every 1 to 2.2 of them, and may have seen the last renewal late. So it takes 7.2 s at most, where Kubernetes' own
// components take up to 24 s. The price: two writes of the Lease a second, as many as those of 20 kubelets; and a stall of
// the API server of 3.5 s, not 12, ends the term, so that the next one lists the injected pods anew. A leader has nothing to do in
// such a stall. After it, there is a second and a half for its work to end before the lease expires.
const (
	leaseDuration = 5 * time.Second
	renewDeadline = 3 * time.Second
	retryPeriod   = 500 * time.Millisecond
	workDeadline  = renewDeadline + retryPeriod
)

// Work is what the leader alone does. It returns when its context is done, or earlier with an error; then the lease is
// released.
type Work func(ctx context.Context) error

// Election elects the replica that works, again and again. It is a Runnable of a manager that has no leader election itself.
type Election struct {
	lock *lock
	work Work
	log  logrus.FieldLogger
}

// NewElection returns an election for the Lease of that name.
func NewElection(api *rest.Config, lease types.NamespacedName, work Work, log logrus.FieldLogger) (*Election, error) {
	hostname, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name this replica: %w", err)
	}
	api = rest.AddUserAgent(api, "leader-election")
	// One request that hangs must not cost the lease.
	api.Timeout = renewDeadline / 2
	client, err := kubernetes.NewForConfig(api)
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", api.Host, err)
	}
	live, err := resourcelock.New(resourcelock.LeasesResourceLock, lease.Namespace, lease.Name, client.CoreV1(), client.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: hostname + "_" + string(uuid.NewUUID())})
	if err != nil {
		return nil, fmt.Errorf("name the lease: %w", err)
	}
	return &Election{lock: &lock{Interface: live, log: log}, work: work, log: log}, nil
}

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica is a candidate.
func (e *Election) NeedLeaderElection() bool { return false }

// Start is a candidate until ctx is done. Work that fails is logged and begun again, by this replica or another one.
func (e *Election) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := e.elect(ctx); err != nil {
			e.log.WithError(err).Error("the leader cannot work: it releases the lease, and another replica may acquire it")
			select {
			case <-ctx.Done():
			case <-time.After(retryPeriod):
			}
		}
	}
	return nil
}

// elect waits for the lease, and works while this replica holds it. The lease is released only after the work has ended, so
// that no two leaders work at once.
func (e *Election) elect(ctx context.Context) error {
	leading := make(chan context.Context)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock, Name: e.lock.Describe(), ReleaseOnCancel: true,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leaderCtx context.Context) {
				select {
				case leading <- leaderCtx:
				case <-leaderCtx.Done():
				}
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("set up the election: %w", err)
	}
	electorCtx, cancelElector := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(electorCtx)
	}()
	defer func() { <-ended }()
	defer cancelElector()
	select {
	case <-ctx.Done():
		return nil
	case leaderCtx := <-leading:
		return e.lead(ctx, leaderCtx)
	}
}

// lead works until ctx is done, or leaderCtx because the lease is lost, or no renewal has succeeded for workDeadline: the elector
// ends leaderCtx only after an attempt to release the lease, which may hang for longer than that is held, and a process that was
// stopped and goes on must not work until then.
func (e *Election) lead(ctx, leaderCtx context.Context) error {
	workCtx, cancelWork := context.WithCancel(ctx)
	defer cancelWork()
	deadline := time.AfterFunc(workDeadline, cancelWork)
	defer deadline.Stop()
	e.lock.onRenewal(func(sent time.Time) { deadline.Reset(workDeadline - time.Since(sent)) })
	defer e.lock.onRenewal(nil)
	defer context.AfterFunc(leaderCtx, cancelWork)()
	log := e.log.WithField("lease", e.lock.Describe())
	log.Info("this replica is the leader")
	err := e.work(workCtx)
	log.Info("this replica is no longer the leader")
	if workCtx.Err() != nil {
		return nil // work that was told to stop has not failed
	}
	return err
}
