package leader_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/webhook/leader"
)

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
		time.Sleep(10*time.Second + 2*time.Second + 2*time.Second)
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
		r.take()
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
		r.take()
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
