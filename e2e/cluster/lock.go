package cluster

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// lock keeps two programs from starting a cluster of the same name at once. It is a listener on an abstract unix socket: the
// kernel releases it with the program that holds it, however that ends, and there is no file to leave behind.
func lock(name string) (net.Listener, error) {
	address := "@podidentity-e2e/" + name
	listener, err := net.Listen("unix", address)
	if errors.Is(err, unix.EADDRINUSE) {
		return nil, fmt.Errorf("%s uses a cluster named %s right now: wait for it to end, or end it", holder(address), name)
	}
	if err != nil {
		return nil, fmt.Errorf("reserve the name of cluster %s: %w", name, err)
	}
	return listener, nil
}

// holder names the process that listens on an address, as well as the kernel lets us know it.
func holder(address string) string {
	const unknown = "another process"
	connection, err := net.Dial("unix", address)
	if err != nil {
		return unknown
	}
	defer func() { _ = connection.Close() }() // nothing is sent
	raw, err := connection.(*net.UnixConn).SyscallConn()
	if err != nil {
		return unknown
	}
	found := unknown
	err = raw.Control(func(fd uintptr) {
		if peer, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
			found = fmt.Sprintf("process %d", peer.Pid)
		}
	})
	if err != nil {
		return unknown
	}
	return found
}
