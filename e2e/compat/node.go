package compat

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

// describeNode says on what kind of node a suite runs here.
func describeNode(ctx context.Context, containers binaries.Runtime) (string, error) {
	said := []string{runtime.GOARCH}
	var system unix.Utsname
	if err := unix.Uname(&system); err != nil {
		return "", fmt.Errorf("read the version of the kernel: %w", err)
	}
	said = append(said, "Linux "+number(unix.ByteSliceToString(system.Release[:])))
	cgroup, err := cgroupVersion("/sys/fs/cgroup")
	if err != nil {
		return "", err
	}
	said = append(said, cgroup)
	for _, program := range []string{"containerd", "runc"} {
		out, err := exec.CommandContext(ctx, containers.Program(program), "--version").Output()
		if err != nil {
			return "", fmt.Errorf("ask %s for its version: %w", program, err)
		}
		said = append(said, program+" "+number(string(out)))
	}
	return strings.Join(said, ", "), nil
}

// cgroupVersion is what the kubelet takes the hierarchies mounted there for: v2 only where they are one.
func cgroupVersion(root string) (string, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil {
		return "", fmt.Errorf("find out the version of cgroups: %w", err)
	}
	if fs.Type == unix.CGROUP2_SUPER_MAGIC {
		return "cgroup v2", nil
	}
	return "cgroup v1", nil
}

// number is the first version in a text; what follows it names who built it.
func number(text string) string { return regexp.MustCompile(`\d+(\.\d+)+`).FindString(text) }
