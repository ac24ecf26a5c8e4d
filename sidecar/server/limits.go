package server

import (
	"time"

	"github.com/podidentity/podidentity/internal/bounded"
)

// The bounds, and how they fit the memory limit of the container, 32 MiB. The binary takes 7.5 MiB of it, and the heap of an idle
// sidecar 5 MiB. A connection takes at most 40 KiB: net/http reads 8 KiB of a header, 4 KiB more than maxHeader, and keeps them three
// times while it parses; two buffers and a stack are 16 KiB more. That makes 10 MiB for all, and 4 MiB in the kernel for what has not
// been read: together 27 MiB. The memory limit of the runtime, which main sets, bounds the garbage.
const (
	// maxConnections are served at once. Others wait in the queue of the kernel.
	maxConnections = 256
	// maxHeader is several times the header that SDKs send, with what tracing adds.
	maxHeader = 4 << 10
	// maxLines bounds the fields of a header: 8 KiB can hold a thousand of them, which net/http would expand to ten times as much.
	maxLines = 100
	// receiveBuffer of the kernel, which doubles it, for each connection.
	receiveBuffer = 8 << 10
	// pause and maxPauses give a connection 20 ms to show the token, where there is no room for another one. Its request is there when
	// it is accepted: see setOptions.
	pause     = 5 * time.Millisecond
	maxPauses = 4
)

func limits() bounded.Limits {
	return bounded.Limits{
		Connections: maxConnections, PeerConnections: maxConnections, HeaderBytes: maxHeader,
		ReadHeader: timeout, Read: timeout, Write: timeout, Idle: timeout,
	}
}
