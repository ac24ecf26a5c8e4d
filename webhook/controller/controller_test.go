package controller

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

func TestAnAssociationReachesThePodsThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(injectedPod("early", "reader"))
		defer c.lead()()
		time.Sleep(time.Second)
		c.associate("reader")
		time.Sleep(time.Second)
		c.create(injectedPod("late", "reader"))
		time.Sleep(time.Second)
		for _, name := range []string{"early", "late"} {
			pod := c.pod(name)
			if pod.Annotations[contract.AnnotationIdentity] != `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader"}` || pod.Annotations[contract.AnnotationStatus] != "injected" {
				t.Errorf("%s has %v", name, pod.Annotations)
			}
		}
		if writes := c.written(); !slices.Equal(writes, []string{"patch pods/early", "patch pods/early", "patch pods/late"}) {
			t.Errorf("wrote %q", writes)
		}
	})
}

func TestATermBeginsWhenAllIdentitiesAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(changed(injectedPod("early", "reader"), carries(`{"roleARN":"r"}`)))
		begin := time.Now()
		controller := c.newController()
		controller.options.Synced = func() bool { return time.Since(begin) > time.Hour }
		stop := c.run(controller)
		time.Sleep(time.Hour)
		if writes := c.written(); writes != nil {
			t.Errorf("who knew no association wrote %q", writes)
		}
		c.associate("reader")
		time.Sleep(time.Minute)
		if writes := c.written(); !slices.Equal(writes, []string{"patch pods/early"}) {
			t.Errorf("wrote %q", writes)
		}
		stop()
		controller.options.Synced = func() bool { return false }
		c.run(controller)() // a term may end before it has begun
	})
}

func TestNothingIsWrittenAfterTheLeaseIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.labelledTeam(contract.InjectEnabled)
		c.create(newAssociation("reader"), waitingPod("a", "reader"), waitingPod("b", "reader"), uninjectedPod("c"))
		controller := c.newController()
		stop := c.run(controller)
		time.Sleep(time.Minute)
		if count := gauge(t, controller); count != 1 {
			t.Errorf("%v uninjected pods", count)
		}
		stop()
		c.written()
		if len(shown(t, controller.fleet)) != 0 {
			t.Error("who does not lead shows a metric of the leader")
		}
		c.associate("reader")
		c.create(injectedPod("d", "reader"))
		time.Sleep(time.Hour)
		if writes := c.written(); writes != nil {
			t.Errorf("wrote %q", writes)
		}
	})
}

func TestALeaseThatIsLostEndsABatchOfWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		for _, name := range []string{"a", "b", "c", "d"} {
			c.create(injectedPod(name, "reader"))
		}
		stops, stopped := make(chan func(), 1), make(chan struct{})
		c.fail = func(string) error {
			go func() {
				defer close(stopped)
				(<-stops)()
			}()
			time.Sleep(time.Second) // the request is under way
			return nil
		}
		stops <- c.lead()
		<-stopped
		if writes := c.written(); len(writes) != 1 {
			t.Errorf("wrote %q", writes)
		}
	})
}

func TestAReplicaLeadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		controller := c.newController()
		for _, name := range []string{"first", "second"} {
			stop := c.run(controller)
			time.Sleep(time.Minute)
			c.create(injectedPod(name, "reader"))
			time.Sleep(time.Minute)
			stop()
			if writes := c.written(); !slices.Equal(writes, []string{"patch pods/" + name}) {
				t.Errorf("in its %s term it wrote %q", name, writes)
			}
		}
	})
}

func TestTheMetricIsRegisteredOnce(t *testing.T) {
	options := newFakeCluster(t).newController().options
	if _, err := New(options); err == nil {
		t.Error("a second one was registered")
	}
}

func TestATermThatCannotBeginIsAnError(t *testing.T) {
	controller := newFakeCluster(t).newController()
	controller.newClient = func() (client.Client, error) { return nil, errors.New("no client") }
	if err := controller.Run(t.Context()); err == nil {
		t.Error("it ended without an error")
	}
}

func TestTheClientOfATermIsLimited(t *testing.T) {
	c, err := newFakeCluster(t).newController().limitedClient()
	if err != nil || c == nil {
		t.Fatal(err)
	}
}

func TestASubscriptionEndsWithItsTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var changes association.Changes
		notified := 0
		term := subscription(&changes, func(association.Pattern, workqueue.TypedRateLimitingInterface[string]) { notified++ })
		if err := term.Start(ctx, nil); err != nil {
			t.Fatal(err)
		}
		changes.Notify("team")
		cancel()
		synctest.Wait()
		changes.Notify("team")
		if notified != 1 {
			t.Errorf("it was notified %d times", notified)
		}
	})
}
