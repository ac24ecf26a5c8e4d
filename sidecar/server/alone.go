package server

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	// alonePoll is the time between two looks.
	alonePoll = 100 * time.Millisecond
	// The columns of /proc/net/tcp (proc_net_tcp in the kernel's documentation), of which the state is that of a listener.
	columnLocal, columnState, columnInode, columns = 1, 3, 9, 10
	stateListen                                    = "0A"
)

// AwaitAlone waits until no process has connections that came to the port of the listener, which must not have accepted any yet. Those are of
// a process that listened there before, in place of a sidecar that was away: a client that keeps one would send its next token there.
func AwaitAlone(ctx context.Context, listener net.Listener, log logrus.FieldLogger) {
	address, ok := listener.Addr().(*net.TCPAddr)
	for told := false; ok; told = true {
		others, err := acceptedAt(address.Port)
		if err != nil {
			log.WithError(err).Warn("cannot look for connections that another process of this pod has in place of this one")
		}
		if others == 0 || err != nil {
			return
		}
		if !told {
			log.Warnf("another process of this pod has listened on %s and still has connections from there: nothing is served until they end", address)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(alonePoll):
		}
	}
}

// acceptedAt counts the sockets that processes have accepted at 127.0.0.1 and the port. One that is closed, or has not been accepted yet, is of
// none.
func acceptedAt(port int) (count int, err error) {
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		table, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, fmt.Errorf("read the connections of this pod: %w", err)
		}
		count += countAccepted(table, port)
	}
	return count, nil
}

func countAccepted(table []byte, port int) (count int) {
	// In the byte order of the node, as the kernel writes it; after zeros in the table of IPv6, which has mapped addresses.
	local := fmt.Appendf(nil, "%08X:%04X", binary.NativeEndian.Uint32([]byte{127, 0, 0, 1}), port)
	for line := range bytes.Lines(table) {
		fields := bytes.Fields(line)
		if len(fields) >= columns && bytes.HasSuffix(fields[columnLocal], local) && string(fields[columnState]) != stateListen && string(fields[columnInode]) != "0" {
			count++
		}
	}
	return count
}
