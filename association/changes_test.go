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
		t.Errorf("the first heard of %q, the second of %q", first, second)
	}
}

func TestASubscriberMayNotifySubscribeAndUnsubscribe(t *testing.T) {
	var changes association.Changes
	var heard []association.Pattern
	var unsubscribe func()
	unsubscribe = changes.Subscribe(func(p association.Pattern) {
		unsubscribe()
		defer changes.Subscribe(func(p association.Pattern) { heard = append(heard, p) })()
		changes.Notify("from within " + p)
	})
	changes.Notify("a change")
	if !slices.Equal(heard, []association.Pattern{"from within a change"}) {
		t.Errorf("heard of %q", heard)
	}
}

func TestNoChangeIsLostThoughManyNotifyAtOnce(t *testing.T) {
	var changes association.Changes
	var mu sync.Mutex
	heard := 0
	defer changes.Subscribe(func(association.Pattern) {
		mu.Lock()
		defer mu.Unlock()
		heard++
	})()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			defer changes.Subscribe(func(association.Pattern) {})()
			changes.Notify("*")
		})
	}
	all.Wait()
	if heard != 100 {
		t.Errorf("heard of %d changes of 100", heard)
	}
}
