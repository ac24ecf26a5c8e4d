package controller

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/association"
)

// knownDefinition is what a replica knows of the definition.
type knownDefinition struct {
	mu    sync.Mutex
	state association.DefinitionState
}

func (k *knownDefinition) get() association.DefinitionState {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.state
}

func (k *knownDefinition) set(uid types.UID, missing bool) {
	k.mu.Lock()
	k.state = association.DefinitionState{UID: uid, Missing: missing}
	k.mu.Unlock()
	time.Sleep(3 * definitionInterval) // two ticks at least, the second for a retry
}

func TestADeletedDefinitionAndItsReturnAreEachReportedInOneEvent(t *testing.T) {
	const missing, back = "create event DefinitionMissing", "create event DefinitionBack"
	for name, test := range map[string]struct {
		do   func(c *fakeCluster, known *knownDefinition)
		want []string
	}{
		"none where it stays":      {func(*fakeCluster, *knownDefinition) { time.Sleep(time.Hour) }, nil},
		"one where it is deleted":  {func(_ *fakeCluster, known *knownDefinition) { known.set("a", true); time.Sleep(time.Hour) }, []string{missing}},
		"another where it is back": {func(_ *fakeCluster, known *knownDefinition) { known.set("a", true); known.set("b", false) }, []string{missing, back}},
		"again where the API server was away": {func(c *fakeCluster, known *knownDefinition) {
			refusals := 1
			c.fail = func(string) error {
				if refusals--; refusals >= 0 {
					return errors.New("away")
				}
				return nil
			}
			known.set("a", true)
		}, []string{missing, missing}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, known := newFakeCluster(t), &knownDefinition{}
				known.set("a", false)
				controller := c.newController()
				controller.options.Definition = known.get
				stop := c.run(controller)
				time.Sleep(time.Minute)
				test.do(c, known)
				stop()
				if writes := c.written(); !slices.Equal(writes, test.want) {
					t.Errorf("wrote %q, not %q", writes, test.want)
				}
			})
		})
	}
}

func TestANewLeaderReportsADefinitionThatWasDeletedBeforeItsTermOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, known := newFakeCluster(t), &knownDefinition{}
		known.set("a", true)
		for range 2 {
			controller := c.newController()
			controller.options.Definition = known.get
			stop := c.run(controller)
			time.Sleep(time.Minute)
			stop()
		}
		var list eventsv1.EventList
		if err := c.client.List(t.Context(), &list); err != nil {
			t.Fatal(err)
		}
		if events := list.Items; len(events) != 1 || events[0].Regarding.Name != association.DefinitionName || events[0].Regarding.UID != "a" || events[0].Namespace != "default" {
			t.Errorf("the events are %+v", events)
		}
	})
}
