package process

import (
	"math"
	"runtime/debug"
)

// LimitMemory keeps the heap below the memory limit of the container. The manifests give that limit as GOMEMLIMIT, which the
// runtime has read before main; what the runtime does not count, such as the binary and sockets, needs the rest. Without the
// variable there is no limit. A library that reads the limit from the cgroup would be more than these lines.
//
// The garbage collector runs ever more often near the limit, whatever GOGC, but takes no more than half of the CPU.
func LimitMemory() {
	if limit := debug.SetMemoryLimit(-1); limit != math.MaxInt64 {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
}
