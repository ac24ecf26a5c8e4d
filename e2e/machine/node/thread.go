package node

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// onThrowawayThread runs a function on a thread that is never given back: a goroutine that ends without unlocking its
// thread takes the thread with it, so that no other goroutine can ever find itself in a foreign namespace.
func onThrowawayThread(do func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() != unix.Getpid() {
			result <- do()
			return
		}
		// The main thread cannot end, and /proc/self is its view of the world: keep it busy while another one does it.
		result <- onThrowawayThread(do)
		runtime.UnlockOSThread()
	}()
	return <-result
}

// enter moves the calling thread into namespaces of a process.
func enter(process record, kinds []string) error {
	files := make([]*os.File, 0, len(kinds))
	defer func() {
		for _, file := range files {
			_ = file.Close() // only read from
		}
	}()
	for _, kind := range kinds {
		file, err := os.Open(fmt.Sprintf("/proc/%d/ns/%s", process.pid, kind))
		if err != nil {
			return fmt.Errorf("open %s namespace of the node (has it stopped?): %w", kind, err)
		}
		files = append(files, file)
	}
	// Asked after its namespaces were opened: now it is certain whose they are.
	if !process.alive() {
		return fmt.Errorf("the node has stopped: its first process, %d, is gone", process.pid)
	}
	for i, file := range files {
		if kinds[i] == "mnt" {
			// The kernel refuses a mount namespace to a thread that shares its working directory with others.
			if err := unix.Unshare(unix.CLONE_FS); err != nil {
				return fmt.Errorf("give the thread a working directory of its own: %w", err)
			}
		}
		if err := unix.Setns(int(file.Fd()), 0); err != nil {
			return fmt.Errorf("enter %s namespace of the node: %w", kinds[i], err)
		}
	}
	return nil
}

// within runs a function on a thread that is in the given namespaces of the node ("net", "pid", "mnt": the last one last,
// for /proc is not the same after it). Processes started and sockets opened by the function belong there.
func (n *Node) within(kinds []string, do func() error) error {
	return onThrowawayThread(func() error {
		if err := enter(n.init, kinds); err != nil {
			return err
		}
		return do()
	})
}
