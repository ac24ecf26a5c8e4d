package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

// initName is the name under which the first process is recorded and logs.
const initName = "init"

// bootScript turns fresh namespaces into a machine and then becomes its process 1. Its arguments: the node's directory, the
// program to become, the directories to keep.
const bootScript = `
set -eu
dir=$1 init=$2
shift 2

# Nothing mounted here is seen on the host; what the host unmounts goes here too, so that the node never keeps a disk busy.
# Shared among the node's own processes, because the kubelet's mounts must reach containerd.
mount --make-rslave /
mount --make-rshared /
mount -t proc proc /proc

# One that nothing covers, as what follows does with the first: elsewhere the kernel mounts no /proc in a user namespace.
mkdir -p "$dir/proc"
mount -t proc proc "$dir/proc"

# These settings belong to the host's kernel, and a kubelet sets all of them without asking: give it copies.
for file in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
	if test -e "/proc/sys/$file"; then
		mkdir -p "$dir/sysctl/${file%/*}"
		cat "/proc/sys/$file" >"$dir/sysctl/$file"
		mount --bind "$dir/sysctl/$file" "/proc/sys/$file"
	fi
done

# Paths that daemons have built in, some without a setting: the node has its own.
mkdir -p "$dir/var/lib" "$dir/var/log"
for keep; do
	mkdir -p "$dir$keep"
	mount --bind "$keep" "$dir$keep"
done
mount --rbind "$dir/var/lib" /var/lib
mount --rbind "$dir/var/log" /var/log
mount -t tmpfs -o mode=0755 tmpfs /run

exec "$init"
`

// boot starts process 1 and returns when that runs, which is when the node is ready for others.
func (n *Node) boot(ctx context.Context, config Config) error {
	log, err := os.Create(n.LogPath(initName))
	if err != nil {
		return fmt.Errorf("create log: %w", err)
	}
	defer func() { _ = log.Close() }() // written by the process, not by us

	args := []string{"-c", bootScript, initName, n.dir, config.Init}
	cmd := exec.Command("/bin/sh", append(args, covered(n.dir, config.Keep)...)...)
	cmd.Dir = "/"
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("create pipe: %w", err)
	}
	err = onThrowawayThread(func() error {
		if err := enterFile(networkPath(n.name)); err != nil {
			return err
		}
		return cmd.Start()
	})
	if err != nil {
		return err
	}
	return errors.Join(n.adopt(cmd.Process.Pid), n.awaitReady(ctx, cmd, bufio.NewReader(stdout)))
}

// adopt puts process 1 into the node's cgroup and records it.
func (n *Node) adopt(pid int) error {
	var err error
	if n.init, err = recordOf(pid); err != nil {
		return err
	}
	return errors.Join(n.init.write(filepath.Join(records(n.dir), initName)), joinCgroups(n.name, pid))
}

func (n *Node) awaitReady(ctx context.Context, cmd *exec.Cmd, stdout *bufio.Reader) error {
	ready := make(chan error, 1)
	go func() {
		_, err := stdout.ReadString('\n')
		ready <- err
		// Reaped as long as this process lives; whoever inherits it reaps it afterwards.
		_ = cmd.Wait()
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-ready:
		if err != nil {
			return fmt.Errorf("prepare the mounts of the node: %w\n%s", err, n.LogTail(initName))
		}
		return nil
	}
}

// covered returns the directories that would vanish behind the node's own /var/lib and /var/log.
func covered(dir string, keep []string) []string {
	var hidden []string
	for _, kept := range append([]string{dir}, keep...) {
		inLib, inLog := isBelow(kept, "/var/lib"), isBelow(kept, "/var/log")
		if (inLib || inLog) && !slices.Contains(hidden, kept) {
			hidden = append(hidden, kept)
		}
	}
	return hidden
}
