package leader_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/webhook/leader"
)

// replica is how one of an earlier release, or of another Deployment, names itself.
const replica = "pod-identity-webhook-standby-5d9c_4c9d7d0e-8b0a-4b5e-9a3c-0d6f1f2a7b11"

func TestOneReplicaWorksAndTheOtherTakesOverWhenItStops(t *testing.T) {
	inBubble(t, func(r *replicas) {
		stopFirst := r.start(r.work("a"))
		synctest.Wait()
		stopSecond := r.start(r.work("b"))
		time.Sleep(time.Minute)
		if r.working() != "a" {
			r.t.Fatalf("%q works", r.working())
		}
		stopFirst()
		// Much sooner than the lease would expire.
		time.Sleep(6 * time.Second)
		if r.working() != "b" {
			r.t.Errorf("%q works after a has stopped", r.working())
		}
		stopSecond()
		if r.most != 1 {
			r.t.Errorf("%d replicas worked at once", r.most)
		}
	})
}

func TestALeaderThatCannotReachTheAPIServerStopsWorkingUntilItCan(t *testing.T) {
	inBubble(t, func(r *replicas) {
		stop := r.start(r.work("a"))
		time.Sleep(time.Minute)
		r.setUnreachable(true)
		// The deadline of a renewal, a retry, and the moment that work needs to end.
		time.Sleep(4*time.Second + 2*time.Second)
		if r.working() != "" {
			r.t.Error("it works though it cannot know whether it still holds the lease")
		}
		time.Sleep(time.Hour)
		r.setUnreachable(false)
		time.Sleep(time.Minute)
		if r.working() != "a" || r.starts["a"] != 2 {
			r.t.Errorf("%q works, starts %v", r.working(), r.starts)
		}
		stop()
	})
}

func TestOneRequestThatHangsDoesNotCostTheLease(t *testing.T) {
	inBubble(t, func(r *replicas) {
		stop := r.start(r.work("a"))
		time.Sleep(time.Minute)
		r.hangOnce()
		time.Sleep(time.Minute)
		if r.working() != "a" || r.starts["a"] != 1 {
			r.t.Errorf("%q works, starts %v", r.working(), r.starts)
		}
		stop()
	})
}

func TestALeaderThatLosesItsLeaseStopsWorkingUntilThatExpires(t *testing.T) {
	inBubble(t, func(r *replicas) {
		stop := r.start(r.work("a"))
		time.Sleep(time.Minute)
		r.take(replica, 15)
		time.Sleep(14 * time.Second)
		if r.working() != "" {
			r.t.Error("it works though another process holds the lease")
		}
		time.Sleep(time.Minute)
		if r.working() != "a" || r.starts["a"] != 2 {
			r.t.Errorf("%q works, starts %v", r.working(), r.starts)
		}
		stop()
	})
}

func TestALeaseThatNobodyReleasedIsAcquiredWhenItExpires(t *testing.T) {
	inBubble(t, func(r *replicas) {
		r.take(replica, 15)
		stop := r.start(r.work("a"))
		time.Sleep(14 * time.Second)
		if r.working() != "" {
			r.t.Error("it works before the lease of the other has expired")
		}
		time.Sleep(10 * time.Second)
		if r.working() != "a" {
			r.t.Error("it does not work though the lease of the other has expired")
		}
		stop()
	})
}

func TestALeaderThatIsStoppedHardIsFollowedWithinEightSeconds(t *testing.T) {
	for range 20 { // the candidate looks at random times
		inBubble(t, func(r *replicas) {
			first := &stoppable{lease: r.lease}
			config := r.config()
			config.Transport = first
			stopFirst := r.startWith(config, r.work("a"))
			synctest.Wait()
			stopSecond := r.start(r.work("b"))
			time.Sleep(10 * time.Second)
			first.stopped.Store(true)
			time.Sleep(8 * time.Second)
			if r.working() != "b" || r.most != 1 {
				r.t.Errorf("%q works, at most %d at once", r.working(), r.most)
			}
			stopFirst()
			stopSecond()
		})
	}
}

func TestAHolderThatIsNoReplica(t *testing.T) {
	const foreign = "nobody"
	errorsOf := func(r *replicas) (count int) {
		for _, entry := range r.logged.AllEntries() {
			if entry.Level == logrus.ErrorLevel && entry.Data["holder"] == foreign && strings.Contains(entry.Message, "delete the Lease") {
				count++
			}
		}
		return count
	}
	for name, test := range map[string]func(r *replicas){
		"holds the lease for fifteen seconds at most without renewing it": func(r *replicas) {
			r.take(foreign, 365*24*60*60)
			defer r.start(r.work("a"))()
			time.Sleep(14 * time.Second)
			if r.working() != "" {
				r.t.Error("it works at once")
			}
			time.Sleep(4 * time.Second)
			if r.working() != "a" || errorsOf(r) != 1 {
				r.t.Errorf("%q works, reported %d times", r.working(), errorsOf(r))
			}
		},
		"is reported every minute while it renews": func(r *replicas) {
			r.take(foreign, 15)
			defer r.start(r.work("a"))()
			for range 18 {
				time.Sleep(10 * time.Second)
				r.take(foreign, 15)
			}
			if r.working() != "" || errorsOf(r) != 3 {
				r.t.Errorf("%q works, reported %d times", r.working(), errorsOf(r))
			}
		},
		"is not what another replica is": func(r *replicas) {
			r.take(replica, 15)
			defer r.start(r.work("a"))()
			time.Sleep(time.Minute)
			if errorsOf(r) != 0 {
				r.t.Error("a replica is reported")
			}
		},
	} {
		t.Run(name, func(t *testing.T) { inBubble(t, test) })
	}
}

func TestAReplicaThatNeverLedStopsAtOnce(t *testing.T) {
	inBubble(t, func(r *replicas) {
		r.setUnreachable(true)
		stop := r.start(r.work("a"))
		time.Sleep(time.Minute)
		before := time.Now()
		stop()
		if took := time.Since(before); took != 0 || r.starts["a"] != 0 {
			r.t.Errorf("it took %s, starts %v", took, r.starts)
		}
	})
}

func TestWorkThatFailsIsBegunAgain(t *testing.T) {
	inBubble(t, func(r *replicas) {
		tries := 0
		stop := r.start(func(ctx context.Context) error {
			if tries++; tries < 3 {
				return errors.New("no cache")
			}
			<-ctx.Done()
			return nil
		})
		time.Sleep(time.Minute)
		stop()
		if tries != 3 {
			r.t.Errorf("%d tries", tries)
		}
	})
}

func TestEveryReplicaIsACandidate(t *testing.T) {
	e, err := leader.NewElection(&rest.Config{}, types.NamespacedName{Namespace: "pod-identity", Name: "lease"}, nil, nil)
	if err != nil || e.NeedLeaderElection() {
		t.Errorf("it waits for an election of the manager: %v", err)
	}
}

func TestAnElectionWithoutAClientNamesTheAPIServer(t *testing.T) {
	broken := &rest.Config{Host: "https://api-server", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("garbage")}}
	_, err := leader.NewElection(broken, types.NamespacedName{}, nil, nil)
	if err == nil || !strings.HasPrefix(err.Error(), "reach the API server at https://api-server: ") {
		t.Errorf("got %v", err)
	}
}
