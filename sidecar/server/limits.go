package server

import "github.com/podidentity/podidentity/internal/bounded"

// The bounds, and how they fit the memory limit of the container, 32 MiB. The binary takes 7.5 MiB of it, and the heap of an idle
// sidecar 5 MiB. A connection takes at most 40 KiB: net/http reads 8 KiB of a header, 4 KiB more than maxHeader, and keeps them three
// times while it parses; two buffers and a stack are 16 KiB more. That makes 10 MiB for all, and 4 MiB in the kernel for what has not
// been read; the probes take 1 MiB: together 28 MiB. The memory limit of the runtime, which main sets, bounds the garbage.
const (
	// maxConnections are served at once. Others wait in the queue of the kernel.
	maxConnections = 256
	// maxHeader is several times the header that SDKs send, with what tracing adds.
	maxHeader = 4 << 10
	// receiveBuffer of the kernel, which doubles it, for each connection.
	receiveBuffer = 8 << 10
)

func limits() bounded.Limits {
	return bounded.Limits{
		Connections: maxConnections, PeerConnections: maxConnections, HeaderBytes: maxHeader,
		ReadHeader: timeout, Read: timeout, Write: timeout, Idle: timeout,
	}
}
