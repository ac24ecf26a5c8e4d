package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// daemonsGroup is the part of the node's cgroup for what is not a pod: cgroup v2 allows no processes in a group that has
// children with controllers.
const daemonsGroup = "daemons"

// cgroupDirs returns the node's directory in every hierarchy: one on cgroup v2, one a controller on v1, both on a hybrid host.
func cgroupDirs(name string) ([]string, error) {
	mounts, err := hostMounts()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, m := range mounts {
		// Others may have it mounted elsewhere as well; the kubelet looks here.
		if isBelow(m.path, "/sys/fs/cgroup") && (m.fstype == "cgroup" || m.fstype == "cgroup2") {
			dirs = append(dirs, filepath.Join(m.path, name))
		}
	}
	if len(dirs) == 0 {
		return nil, errors.New("no cgroups are mounted: mount them below /sys/fs/cgroup")
	}
	return dirs, nil
}

func createCgroups(name string) error {
	dirs, err := cgroupDirs(name)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		for _, group := range []string{dir, filepath.Join(dir, daemonsGroup)} {
			if err := createCgroup(group); err != nil {
				return err
			}
		}
	}
	return nil
}

func createCgroup(dir string) error {
	parent := filepath.Dir(dir)
	if err := delegate(parent); err != nil {
		return err
	}
	// As the kubelet makes them: root of a user namespace is another user here, and runc has it look at its own cgroup.
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // see above
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above; the umask may be another
		return err
	}
	// On v1 a new group has no processor and no memory node, and takes no process before it has.
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		if _, err := os.Stat(filepath.Join(parent, "cgroup.subtree_control")); err == nil {
			return nil
		}
		value, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), value, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// delegate passes the controllers that a kubelet needs on to the children of a group. Only cgroup v2 knows this. The kubelet asks for
// hugetlb too where the kernel has it, and systemd, which knows nothing of it, leaves it as it finds it.
func delegate(dir string) error {
	available, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(available)) {
		if !slices.Contains([]string{"cpuset", "cpu", "io", "memory", "hugetlb", "pids"}, controller) {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0o600); err != nil {
			return fmt.Errorf("pass controller %s on: %w", controller, err)
		}
	}
	return nil
}

// joinCgroups moves a process into the node's cgroup. What it starts afterwards is there from birth.
func joinCgroups(name string, pid int) error {
	dirs, err := cgroupDirs(name)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		file := filepath.Join(dir, daemonsGroup, "cgroup.procs")
		if err := os.WriteFile(file, []byte(strconv.Itoa(pid)), 0o600); err != nil {
			return fmt.Errorf("move process %d into the node's cgroup: %w", pid, err)
		}
	}
	return nil
}

// groups returns a cgroup and all below it, the deepest last.
func groups(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while we looked
		}
		if err == nil && entry.IsDir() {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

// removeCgroups removes the node's cgroups. The kernel calls a group busy for a moment after its last process has ended.
func removeCgroups(ctx context.Context, name string) error {
	dirs, err := cgroupDirs(name)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		all, err := groups(dir)
		if err != nil {
			return fmt.Errorf("list cgroups: %w", err)
		}
		for _, group := range slices.Backward(all) {
			if err := removeCgroup(ctx, group); err != nil {
				return err
			}
		}
	}
	return nil
}

func removeCgroup(ctx context.Context, group string) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	for {
		err := unix.Rmdir(group)
		if err == nil || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("remove cgroup %s: %w", group, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove cgroup %s: %w", group, err)
		case <-time.After(pollInterval):
		}
	}
}
