package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// largeHeapPercent is GOGC for a large heap. It is mostly the associations, which stay: the usual 100 would double it.
	largeHeapPercent = 30
	// minGarbage is how much garbage a small heap may have, in bytes: with a tenth of that, Go would collect every ten admissions.
	minGarbage = 12 << 20
	// minHeap is the size that Go assumes for every smaller heap, in bytes.
	minHeap = 4 << 20
)

// tuneGC sets GOGC for the heap as it is, now and after each collection.
func tuneGC() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(gcPercent(live[0].Value.Uint64()))
	// The next collection frees this object, and so calls the function.
	runtime.AddCleanup(new([2]*byte), func(struct{}) { tuneGC() }, struct{}{})
}

// gcPercent is GOGC for a heap of so many live bytes.
func gcPercent(live uint64) int {
	return int(max(largeHeapPercent, 100*minGarbage/max(live, minHeap)))
}
