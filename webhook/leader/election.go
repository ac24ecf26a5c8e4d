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

// The defaults of the components of Kubernetes: a leader that disappears without releasing its lease is replaced after
// leaseDuration.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// Work is what the leader alone does. It returns when its context is done, or earlier with an error; then the lease is
// released.
type Work func(ctx context.Context) error

// Election elects the replica that works, again and again. It is a Runnable of a manager that has no leader election itself.
type Election struct {
	lock resourcelock.Interface
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
	lock, err := resourcelock.New(resourcelock.LeasesResourceLock, lease.Namespace, lease.Name, client.CoreV1(), client.CoordinationV1(),
		resourcelock.ResourceLockConfig{Identity: hostname + "_" + string(uuid.NewUUID())})
	if err != nil {
		return nil, fmt.Errorf("name the lease: %w", err)
	}
	return &Election{lock: lock, work: work, log: log}, nil
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

// lead works until ctx is done or the lease is lost, which ends leaderCtx.
func (e *Election) lead(ctx, leaderCtx context.Context) error {
	workCtx, cancelWork := context.WithCancel(ctx)
	defer cancelWork()
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
