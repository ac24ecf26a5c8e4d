package association

import (
	"maps"
	"slices"
	"sync"
)

// Changes tells subscribers in which namespaces some pod may now have another identity. The zero value is ready to use, and
// safe for concurrent use.
type Changes struct {
	mu          sync.Mutex
	subscribers map[*func(namespaces Pattern)]struct{}
}

// Subscribe has every later Notify call the subscriber, until unsubscribe is called. The subscriber must not block. A Notify
// that is under way may still call it while unsubscribe returns.
func (c *Changes) Subscribe(subscriber func(namespaces Pattern)) (unsubscribe func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.subscribers == nil {
		c.subscribers = map[*func(Pattern)]struct{}{}
	}
	c.subscribers[&subscriber] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subscribers, &subscriber)
	}
}

// Notify calls the subscribers one after the other, in no order. They may call any method of c.
func (c *Changes) Notify(namespaces Pattern) {
	c.mu.Lock()
	subscribers := slices.Collect(maps.Keys(c.subscribers))
	c.mu.Unlock()
	for _, subscriber := range subscribers {
		(*subscriber)(namespaces)
	}
}
