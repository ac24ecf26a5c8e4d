package main

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestGarbageIsAShareOfALargeHeapAndAnAmountOfASmallOne(t *testing.T) {
	for live, want := range map[uint64]int{0: 300, 1 << 20: 300, 6 << 20: 200, 12 << 20: 100, 40 << 20: 30, 1 << 30: 30} {
		if got := gcPercent(live); got != want {
			t.Errorf("GOGC for %d MB: %d, not %d", live>>20, got, want)
		}
	}
}

func TestGOGCFollowsTheHeap(t *testing.T) {
	t.Cleanup(func(before int) func() { return func() { debug.SetGCPercent(before) } }(debug.SetGCPercent(100)))
	tuneGC()
	held := make([]byte, 100<<20)
	// A cleanup runs some time after the collection that found it.
	percent := 0
	for range 1000 {
		runtime.GC()
		if percent = debug.SetGCPercent(largeHeapPercent + 1); percent == largeHeapPercent {
			break
		}
	}
	if percent != largeHeapPercent {
		t.Errorf("with 100 MB it is %d", percent)
	}
	runtime.KeepAlive(held)
}
