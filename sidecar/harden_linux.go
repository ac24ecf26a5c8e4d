package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// hardenProcess disables core dumps of this process, and closes its memory and environment, which hold secrets, to other
// processes of its user: the pod's applications may be such. The kubelet's hooks and probes still work, since the container
// runtime starts them as root and as processes of their own.
func hardenProcess() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("disable core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("close the memory to other processes: %w", err)
	}
	return nil
}
