package connections

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// read is that of the socket, but for waits: the client keeps this process waiting only while the kernel has nothing of it. What has been
// read is not the client's to send any more, even if this goroutine comes to its next line late, as under a CPU limit.
func (c *connection) read(p []byte) (n int, err error) {
	socket, ok := c.Conn.(syscall.Conn)
	if !ok {
		return c.readAny(p)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return c.readAny(p)
	}
	var errRead error
	err = raw.Read(func(fd uintptr) (done bool) {
		c.waits.Store(false)
		for n, errRead = syscall.Read(int(fd), p); errors.Is(errRead, syscall.EINTR); {
			n, errRead = syscall.Read(int(fd), p)
		}
		nothing := errors.Is(errRead, syscall.EAGAIN)
		c.waits.Store(nothing)
		return !nothing
	})
	c.waits.Store(false)
	switch {
	case err != nil:
		return 0, err
	case errRead != nil:
		return 0, &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errRead)} // as net/http knows it
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}
