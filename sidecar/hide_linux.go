package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// hide keeps the memory of this process, which holds secrets, out of core dumps, and itself and its environment from other
// processes of its user, which the applications of the pod may be. The kubelet's hooks and probes are processes of their own, and
// enter by the right of root.
func hide() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("hide the memory from other processes: %w", err)
	}
	return nil
}
