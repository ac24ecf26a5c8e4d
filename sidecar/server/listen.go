package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Listen opens address for Serve.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	config := net.ListenConfig{
		// No connection lasts long enough for a keep-alive probe, and enabling them costs four system calls for each.
		KeepAlive: -1,
		Control: func(_, _ string, socket syscall.RawConn) error {
			var errOptions error
			err := socket.Control(func(fd uintptr) { errOptions = setOptions(int(fd)) })
			return errors.Join(err, errOptions)
		},
	}
	listener, err := config.Listen(ctx, "tcp4", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another process of this pod listens on %s: choose another port with the annotation podidentity.dev/port", address)
	}
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return nil, fmt.Errorf("this pod has no address to listen on %s, the only one that every AWS SDK asks, by IPv6 too: have its network bring up the interface lo: %w", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return listener, nil
}
