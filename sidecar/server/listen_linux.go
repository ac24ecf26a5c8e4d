package server

import (
	"errors"
	"syscall"
)

// setOptions sets the options that accepted connections inherit, and makes the kernel accept a connection only when its client has
// sent something: one that sends nothing takes no room, and one that has just connected cannot be closed before its request.
func setOptions(socket int) error {
	return errors.Join(
		syscall.SetsockoptInt(socket, syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, int(timeout.Seconds())),
		syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_RCVBUF, receiveBuffer),
	)
}
