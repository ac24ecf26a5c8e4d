package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	killTimeout  = 2 * time.Minute
	pollInterval = 20 * time.Millisecond
)

// killMembers kills whatever runs in the node until nothing does. The first process takes all of its namespace with it;
// the others are asked for by name because a crash may have left a node without one.
func killMembers(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	for {
		pids, err := members(name)
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			if err := killMember(name, pid); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v do not end: %w", pids, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// killMember kills a process if it is one of ours at that very moment: the handle is taken before it is asked, so that an id
// that was given to another process in between is left alone.
func killMember(name string, pid int) error {
	handle, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process %d: %w", pid, err)
	}
	defer func() { _ = unix.Close(handle) }() // nothing is written through it
	pids, err := members(name)
	if err != nil || !slices.Contains(pids, pid) {
		return err
	}
	if err := unix.PidfdSendSignal(handle, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", pid, err)
	}
	return nil
}

// Processes are those of the node and of its pods, by id, except this one.
func (n *Node) Processes() ([]int, error) { return members(n.name) }

// members returns the processes in the node's cgroup or network, except this one, which may have been started there.
func members(name string) ([]int, error) {
	inCgroup, err := cgroupMembers(name)
	if err != nil {
		return nil, err
	}
	inNetwork, err := networkMembers(name)
	if err != nil {
		return nil, err
	}
	maps.Copy(inCgroup, inNetwork)
	delete(inCgroup, os.Getpid())
	return slices.Sorted(maps.Keys(inCgroup)), nil
}

func networkMembers(name string) (map[int]bool, error) {
	pids := map[int]bool{}
	network, err := os.Stat(networkPath(name))
	if errors.Is(err, os.ErrNotExist) {
		return pids, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find network namespace: %w", err)
	}
	links, err := filepath.Glob("/proc/[0-9]*/ns/net")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, link := range links {
		// A process that has ended meanwhile has no network any more.
		theirs, err := os.Stat(link)
		if err != nil || !os.SameFile(network, theirs) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(link))))
		if err != nil {
			return nil, fmt.Errorf("read process id from %s: %w", link, err)
		}
		pids[pid] = true
	}
	return pids, nil
}

func cgroupMembers(name string) (map[int]bool, error) {
	pids := map[int]bool{}
	dirs, err := cgroupDirs(name)
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		all, err := groups(dir)
		if err != nil {
			return nil, fmt.Errorf("list cgroups: %w", err)
		}
		for _, group := range all {
			text, err := os.ReadFile(filepath.Join(group, "cgroup.procs"))
			if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENODEV) {
				continue // it went while we looked
			}
			if err != nil {
				return nil, fmt.Errorf("list members of cgroup: %w", err)
			}
			for _, field := range strings.Fields(string(text)) {
				pid, err := strconv.Atoi(field)
				if err != nil {
					return nil, fmt.Errorf("list members of cgroup: %w", err)
				}
				pids[pid] = true
			}
		}
	}
	return pids, nil
}
