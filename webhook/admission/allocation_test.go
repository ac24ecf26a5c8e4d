//go:build !race

// The race detector allocates too, so this is for a run without it.

package admission_test

import (
	"runtime"
	"testing"
)

// The budget is that of docs/benchmarks.md.
func TestAReviewAllocatesNoMoreThanItsBudget(t *testing.T) {
	const (
		reviews = 2000
		budget  = 40_000
	)
	// As testing.AllocsPerRun does: what is kept for the next review is kept for each processor.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	review := newReviewer(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range reviews {
		review()
	}
	runtime.ReadMemStats(&after)
	each := (after.TotalAlloc - before.TotalAlloc) / reviews
	t.Logf("%d bytes", each)
	if each > budget {
		t.Errorf("%d bytes a review, more than %d", each, budget)
	}
}
