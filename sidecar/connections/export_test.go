package connections

import "net"

// Age lets all connections of a listener of New grow old, and closes those that are to be closed then.
func Age(l net.Listener) {
	for range maxPauses + 2 {
		l.(*listener).closeStale()
	}
}

// Open is how many connections of a listener of New are counted.
func Open(l net.Listener) int {
	inner := l.(*listener)
	inner.mu.Lock()
	defer inner.mu.Unlock()
	return inner.open
}
