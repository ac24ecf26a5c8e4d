package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// garbagePercent is how much garbage may wait beside a large heap. It is mostly the associations, for good, and Go's usual
	// heap of twice that would only be garbage.
	garbagePercent = 30
	// garbageAtLeast is how much may wait beside a small heap, in bytes: for a tenth of that, Go would collect every ten admissions.
	garbageAtLeast = 12 << 20
	// smallest is below which Go takes a heap for as large as this.
	smallest = 4 << 20
)

// limitGarbage sets how much garbage may wait for the collector, now and after each collection.
func limitGarbage() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(percentBeside(live[0].Value.Uint64()))
	// The next collection finds this, which nobody holds.
	runtime.AddCleanup(new([2]*byte), func(struct{}) { limitGarbage() }, struct{}{})
}

// percentBeside is the GOGC for a heap of so many bytes.
func percentBeside(live uint64) int {
	return int(max(garbagePercent, 100*garbageAtLeast/max(live, smallest)))
}
