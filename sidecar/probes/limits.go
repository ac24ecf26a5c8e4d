package probes

import (
	"time"

	"github.com/podidentity/podidentity/internal/bounded"
)

// maxConnections take less than a megabyte, 25 KiB each as those of the credentials. Beyond them, one whose client is slow gives way to
// the next: not even the pods of a whole cluster keep the kubelet out by holding one each.
const maxConnections = 32

// limits give a peer four connections, and each a second for its request. The kubelet needs a millisecond.
func limits() bounded.Limits {
	return bounded.Limits{
		Connections: maxConnections + 1, PeerConnections: 4, HeaderBytes: 4 << 10,
		ReadHeader: time.Second, Read: time.Second, Write: 2 * time.Second, Idle: time.Second,
	}
}
