package leader

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

const (
	// maxForeignLease bounds how long the lease of a holder that does not renew it is respected, whatever the Lease says. Earlier
	// releases hold it for this long.
	maxForeignLease = 15 * time.Second
	// reportInterval is how often a holder that is no replica is reported.
	reportInterval = time.Minute
	uuidLength     = 36
)

// lock is the Lease as a candidate sees it: nobody holds it for longer than maxForeignLease without renewing it.
type lock struct {
	resourcelock.Interface
	log      logrus.FieldLogger
	reported time.Time
	mu       sync.Mutex
	// renewed is called after each renewal with the time at which that was sent. It is nil while this replica does not work.
	renewed func(sent time.Time)
	// holder is who held the lease when it was read last.
	holder string
}

// onRenewal has renewed called after each renewal from now on.
func (l *lock) onRenewal(renewed func(sent time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = renewed
}

// Update implements resourcelock.Interface. The elector reads the lease before it releases it, but does not look whose it is by then: a
// process that was stopped and goes on would release that of the next leader, which works on, and two could work at once.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if record.HolderIdentity == "" && l.holder != l.Identity() {
		return fmt.Errorf("release the lease: it is held by %q by now", l.holder)
	}
	sent := time.Now()
	if err := l.Interface.Update(ctx, record); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.renewed != nil {
		l.renewed(sent)
	}
	return nil
}

// Get implements resourcelock.Interface. The elector calls it from one goroutine at a time.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.Interface.Get(ctx)
	if err != nil {
		return nil, nil, err
	}
	l.holder = record.HolderIdentity
	record.LeaseDurationSeconds = min(record.LeaseDurationSeconds, int(maxForeignLease/time.Second))
	if record.HolderIdentity != "" && !isReplica(record.HolderIdentity) && time.Since(l.reported) >= reportInterval {
		l.reported = time.Now()
		l.log.WithField("lease", l.Describe()).WithField("holder", record.HolderIdentity).Error(
			"the lease is held by something that is no replica of the webhook: while that renews it, nobody keeps pods and associations true; " +
				"stop the holder, or delete the Lease")
	}
	return record, raw, nil
}

// isReplica reports whether the holder of a lease is named as replicas are, by host name and UUID.
func isReplica(holder string) bool {
	_, id, named := strings.Cut(holder, "_")
	return named && len(id) == uuidLength
}
