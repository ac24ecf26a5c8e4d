package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// networkPath is where iproute2 keeps named network namespaces; under this name the namespace outlives its processes.
func networkPath(name string) string { return filepath.Join("/run/netns", name) }

// addNetwork makes the network namespace: a named one, so that `nsenter --net` and `ip netns` find it.
func addNetwork(ctx context.Context, name string) error {
	if out, err := exec.CommandContext(ctx, "ip", "netns", "add", name).CombinedOutput(); err != nil {
		return fmt.Errorf("create network namespace %s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// removeNetwork removes the namespace's name. A file without a namespace on it is what a crash between the two steps of
// creating one leaves.
func removeNetwork(name string) error {
	path := networkPath(name)
	err := unix.Unmount(path, unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("unmount network namespace %s: %w", name, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove network namespace %s: %w", name, err)
	}
	return nil
}

// enterFile moves the calling thread into the namespace behind a file.
func enterFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open namespace: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	if err := unix.Setns(int(file.Fd()), 0); err != nil {
		return fmt.Errorf("enter namespace %s: %w", path, err)
	}
	return nil
}

// Configure runs iproute2's commands, one a line, in the node's network.
func (n *Node) Configure(ctx context.Context, commands string) error {
	if _, err := n.Output(ctx, strings.NewReader(commands), nil, "ip", "-batch", "-"); err != nil {
		return fmt.Errorf("configure the network: %w", err)
	}
	return nil
}

// Dial opens a connection from within the node's network. The address must be a literal one: a resolver would look names up
// from the host's network, on another thread.
func (n *Node) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial in the node: %w", err)
	}
	if net.ParseIP(host) == nil {
		return nil, fmt.Errorf("dial in the node: %s is not an IP address: there is no DNS in it", host)
	}
	var connection net.Conn
	err = n.within([]string{"net"}, func() (err error) {
		connection, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// InNetworkOf runs a function on a thread that is in the network namespace of a process, such as one of a pod: the sockets that the
// function opens itself belong there.
func InNetworkOf(pid int, do func() error) error {
	return onThrowawayThread(func() error {
		if err := enterFile(fmt.Sprintf("/proc/%d/ns/net", pid)); err != nil {
			return err
		}
		return do()
	})
}
