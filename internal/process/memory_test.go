package process

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestTheHeapIsLimitedToNineTenthsOfTheContainer(t *testing.T) {
	t.Cleanup(func(before int64) func() { return func() { debug.SetMemoryLimit(before) } }(debug.SetMemoryLimit(-1)))
	for name, test := range map[string]struct{ limit, want int64 }{
		"with a limit":    {256 << 20, 241591910},
		"without a limit": {math.MaxInt64, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			debug.SetMemoryLimit(test.limit)
			LimitMemory()
			if got := debug.SetMemoryLimit(-1); got < test.want-10 || got > test.want {
				t.Errorf("got %d", got)
			}
		})
	}
}
