package association_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/podidentity/podidentity/association"
)

func TestEverySubscriberHearsOfChangesUntilItUnsubscribes(t *testing.T) {
	var changes association.Changes
	changes.Notify("before anybody has subscribed")
	var first, second []association.Pattern
	unsubscribe := changes.Subscribe(func(p association.Pattern) { first = append(first, p) })
	defer changes.Subscribe(func(p association.Pattern) { second = append(second, p) })()
	changes.Notify("team-*")
	unsubscribe()
	unsubscribe()
	changes.Notify("*")
	if !slices.Equal(first, []association.Pattern{"team-*"}) || !slices.Equal(second, []association.Pattern{"team-*", "*"}) {
		t.Errorf("the first notified of %q, the second of %q", first, second)
	}
}

func TestASubscriberMayNotifySubscribeAndUnsubscribe(t *testing.T) {
	var changes association.Changes
	var notified []association.Pattern
	var unsubscribe func()
	unsubscribe = changes.Subscribe(func(p association.Pattern) {
		unsubscribe()
		defer changes.Subscribe(func(p association.Pattern) { notified = append(notified, p) })()
		changes.Notify("from within " + p)
	})
	changes.Notify("a change")
	if !slices.Equal(notified, []association.Pattern{"from within a change"}) {
		t.Errorf("notified of %q", notified)
	}
}

func TestNoChangeIsLostThoughManyNotifyAtOnce(t *testing.T) {
	var changes association.Changes
	var mu sync.Mutex
	notified := 0
	defer changes.Subscribe(func(association.Pattern) {
		mu.Lock()
		defer mu.Unlock()
		notified++
	})()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			defer changes.Subscribe(func(association.Pattern) {})()
			changes.Notify("*")
		})
	}
	all.Wait()
	if notified != 100 {
		t.Errorf("notified of %d changes of 100", notified)
	}
}
