package main

import (
	"runtime"
	"runtime/debug"
)

const (
	// idleGCPercent makes the runtime collect garbage from a heap of 2 MB on instead of 4 MB: an idle sidecar uses a third of a
	// megabyte.
	idleGCPercent = 50
	// maxProcs is enough for thousands of requests a second. The runtime keeps caches for each.
	maxProcs = 1
	// memoryLimit leaves of the 32 MiB of the container what the binary and the buffers of the kernel take: see the limits of package
	// server. The downward API could give the container's own limit. But that would be one more variable in every pod, and the bounds
	// of the server, which decide how much is needed, do not depend on it.
	memoryLimit = 18 << 20
)

// tuneRuntime tunes the Go runtime for little anonymous memory, which every pod of the cluster pays for.
func tuneRuntime() {
	runtime.GOMAXPROCS(maxProcs)
	debug.SetGCPercent(idleGCPercent)
	debug.SetMemoryLimit(memoryLimit)
}
