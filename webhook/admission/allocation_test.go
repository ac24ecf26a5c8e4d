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
		reviews = 200
		budget  = 40_000
	)
	review := newReviewer(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range reviews {
		review()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / reviews; each > budget {
		t.Errorf("%d bytes a review, more than %d", each, budget)
	}
}
