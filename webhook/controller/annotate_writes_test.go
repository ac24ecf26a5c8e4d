package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/contract"
)

func TestADeletedAssociationTakesTheIdentityAwayAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		pod := changed(injectedPod("young", "reader"), carries("{}"))
		pod.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
		c.create(pod)
		defer c.lead()()
		time.Sleep(identityGrace - time.Second)
		if identity := c.pod("young").Annotations[contract.AnnotationIdentity]; identity != "{}" {
			t.Errorf("within the grace it has %q", identity)
		}
		time.Sleep(2 * time.Second)
		if identity, has := c.pod("young").Annotations[contract.AnnotationIdentity]; has {
			t.Errorf("after the grace it has %q", identity)
		}
	})
}

func TestAFailedWriteIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(injectedPod("app", "reader"))
		c.fail = func(string) error {
			if len(c.writes) < 3 {
				return errors.New("connection refused")
			}
			return nil
		}
		defer c.lead()()
		time.Sleep(time.Second)
		if status := c.pod("app").Annotations[contract.AnnotationStatus]; status == "" || len(c.written()) != 3 {
			t.Errorf("its status is %q", status)
		}
	})
}

func TestAPodReplacedByAnotherOfItsNameIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		pod := injectedPod("app-0", "reader")
		c.create(pod)
		c.disconnect()
		defer c.lead()()
		time.Sleep(time.Minute)
		c.written()
		c.delete(pod)
		c.create(changed(injectedPod("app-0", "reader"), func(p *corev1.Pod) { p.UID = "another" }))
		c.associate("reader")
		time.Sleep(time.Minute)
		if writes := c.written(); !slices.Equal(writes, []string{"patch pods/app-0"}) {
			t.Errorf("wrote %q", writes)
		}
		c.reconnect()
		time.Sleep(time.Minute)
		if got := c.pod("app-0"); got.UID != "another" || got.Annotations[contract.AnnotationIdentity] == "" {
			t.Errorf("the pod is now %s with %v", got.UID, got.Annotations)
		}
	})
}

func TestANamespaceOfManyPodsIsWrittenInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		for i := range batchSize + 50 {
			c.create(injectedPod(fmt.Sprintf("app-%03d", i), "reader"))
		}
		defer c.lead()()
		time.Sleep(time.Minute)
		c.written()
		c.associate("reader")
		time.Sleep(batchPause / 2)
		if writes := c.written(); len(writes) != batchSize {
			t.Errorf("the first batch has %d writes", len(writes))
		}
		time.Sleep(time.Minute)
		if writes := c.written(); len(writes) != 50 {
			t.Errorf("the second batch has %d writes", len(writes))
		}
	})
}

func TestWhatWasWrittenToADeletedPodIsForgotten(t *testing.T) {
	for name, seen := range map[string]bool{"its deletion is seen": true, "its deletion is missed, and a tombstone tells of it": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				pod := injectedPod("app", "reader")
				c.create(pod)
				annotator, stop := c.annotate()
				defer stop()
				time.Sleep(time.Minute)
				if count := annotator.conflicts.count(); count != 1 {
					t.Errorf("%d writes are remembered", count)
				}
				if !seen {
					c.disconnect()
				}
				c.delete(pod)
				time.Sleep(time.Minute)
				if !seen {
					c.reconnect()
					time.Sleep(time.Minute)
				}
				if annotator.conflicts.count() != 0 {
					t.Error("what was written to it is remembered")
				}
			})
		})
	}
}

func (c *conflicts) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.writes)
}

// annotate runs the annotator alone.
func (c *fakeCluster) annotate() (annotator *annotator, stop func()) {
	controller := c.newController()
	informers, err := controller.newCache()
	if err != nil {
		c.t.Fatal(err)
	}
	pods, err := newPodStore(c.t.Context(), informers)
	if err != nil {
		c.t.Fatal(err)
	}
	if annotator, err = controller.newAnnotator(pods); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	var group errgroup.Group
	group.Go(func() error { return informers.Start(ctx) })
	group.Go(func() error {
		return run(ctx, controller.options.Log, "annotations", annotateWorkers, annotator, annotator.sources(informers, &c.changes))
	})
	return annotator, func() {
		cancel()
		if err := group.Wait(); err != nil {
			c.t.Error(err)
		}
	}
}
