package cache

import (
	"sync"
	"time"
)

// progressInterval keeps a person, and a CI system that ends silent jobs, from taking a long step for a hung one.
const progressInterval = 15 * time.Second

// Progress reports that a step still runs, until stop is called, and never after it.
func Progress(log func(format string, args ...any), what, expected string) (stop func()) {
	begin, done := time.Now(), make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() {
		ticker := time.NewTicker(progressInterval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				log("%s: %s so far, of about %s", what, time.Since(begin).Round(time.Second), expected)
			}
		}
	})
	return func() {
		close(done)
		reporter.Wait()
	}
}
