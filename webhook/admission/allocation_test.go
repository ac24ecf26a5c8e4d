//go:build !race

// The race detector allocates too, so this is for a run without it.

package admission_test

import (
	"runtime"
	"testing"
)

// A review costs no more memory than this. Half of it is controller-runtime's, which reads, copies and decodes the review
// in steps of its own; the goal is 40 KB.
func TestAReviewAllocatesLittle(t *testing.T) {
	const (
		reviews = 200
		budget  = 64 << 10
	)
	answer := answerer(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range reviews {
		answer()
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / reviews; each > budget {
		t.Errorf("%d bytes a review, more than %d", each, budget)
	}
}
