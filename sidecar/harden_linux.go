package main

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// hardenProcess disables core dumps of this process, and closes its memory and environment, which hold secrets, to other
// processes of its user: the pod's applications may be such. The kubelet's hooks and probes still work, since the container
// runtime starts them as root and as processes of their own. No process that it starts inherits what it has inherited itself; what Go
// opens is not inherited anyway.
func hardenProcess() error {
	if err := closeOnExec(); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("disable core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the memory to other processes: %w", err)
	}
	return nil
}

// closeOnExec goes through the descriptors one by one: close_range cannot set the flag before Linux 5.11.
func closeOnExec() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("close what this process has inherited to those that it starts: %w", err)
	}
	for _, entry := range open {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
