// Package leader has one replica at a time do what must not be done by two. The others go on answering, and so does one
// that loses its lease: it only hands the work over.
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

// The times of the components of Kubernetes: a leader that is gone without a word is replaced after leaseDuration.
const (
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
)

// Work is done while its context lives, by the leader alone. It returns when its context is done, or with an error when it
// cannot go on; then the lease is given away.
type Work func(ctx context.Context) error

// Election campaigns for a lease, again and again. It is a Runnable of a manager that itself elects nobody.
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

// NeedLeaderElection implements manager.LeaderElectionRunnable: every replica campaigns.
func (e *Election) NeedLeaderElection() bool { return false }

// Start campaigns until ctx is done. Work that fails is logged and begun anew, here or by another replica.
func (e *Election) Start(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := e.term(ctx); err != nil {
			e.log.WithError(err).Error("the leader could not do its work; another replica may")
			select {
			case <-ctx.Done():
			case <-time.After(retryPeriod):
			}
		}
	}
	return nil
}

// term is one time of waiting for the lease, holding it, and losing or releasing it. The lease is released only after the
// work has ended, so that no two leaders work at once.
func (e *Election) term(ctx context.Context) error {
	offices := make(chan context.Context)
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: e.lock, Name: e.lock.Describe(), ReleaseOnCancel: true,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(office context.Context) {
				select {
				case offices <- office:
				case <-office.Done():
				}
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("set up the election: %w", err)
	}
	candidacy, withdraw := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(candidacy)
	}()
	defer func() { <-ended }()
	defer withdraw()
	select {
	case <-ctx.Done():
		return nil
	case office := <-offices:
		return e.lead(ctx, office)
	}
}

// lead works until ctx or the office ends.
func (e *Election) lead(ctx, office context.Context) error {
	both, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(office, stop)()
	e.log.WithField("lease", e.lock.Describe()).Info("this replica leads")
	err := e.work(both)
	if both.Err() != nil {
		// It was told to stop: how it did is of no matter.
		err = nil
	}
	e.log.WithField("lease", e.lock.Describe()).Info("this replica leads no more")
	return err
}
