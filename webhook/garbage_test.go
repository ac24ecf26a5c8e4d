package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGarbageIsAShareOfALargeHeapAndAnAmountBesideASmallOne(t *testing.T) {
	for live, want := range map[uint64]int{0: 300, 1 << 20: 300, 6 << 20: 200, 12 << 20: 100, 40 << 20: 30, 1 << 30: 30} {
		if got := percentBeside(live); got != want {
			t.Errorf("GOGC beside %d MB: %d, not %d", live>>20, got, want)
		}
	}
}

func TestTheLimitOfGarbageFollowsTheHeap(t *testing.T) {
	t.Cleanup(func(before int) func() { return func() { debug.SetGCPercent(before) } }(debug.SetGCPercent(100)))
	limitGarbage()
	held := make([]byte, 100<<20)
	// A cleanup runs some time after the collection that found it.
	for percent := 0; percent != garbagePercent; {
		runtime.GC()
		percent = debug.SetGCPercent(garbagePercent + 1)
	}
	runtime.KeepAlive(held)
}
