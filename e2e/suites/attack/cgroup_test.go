package attack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// cgroup is the directory in which the kernel counts the memory of a container. Of version 2 it was written from the kernel's
// documentation and not tried, for lack of such a machine.
type cgroup struct {
	dir string
	v2  bool
}

// cgroupOf finds that of a process.
func cgroupOf(t *testing.T, pid int) cgroup {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	if err != nil {
		t.Fatal(err)
	}
	var unified string
	for line := range strings.Lines(string(content)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(parts) != 3:
		case parts[1] == "memory":
			return cgroup{dir: filepath.Join("/sys/fs/cgroup/memory", parts[2])}
		case parts[1] == "":
			unified = parts[2]
		}
	}
	return cgroup{dir: filepath.Join("/sys/fs/cgroup", unified), v2: true}
}

// resetPeak has version 1 count the peak from now on. That of version 2 counts from the start of the container.
func (c cgroup) resetPeak(t *testing.T) {
	t.Helper()
	if c.v2 {
		return
	}
	if err := os.WriteFile(filepath.Join(c.dir, "memory.max_usage_in_bytes"), []byte("0"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c cgroup) peak(t *testing.T) int64 {
	t.Helper()
	if c.v2 {
		return c.number(t, "memory.peak", "")
	}
	return c.number(t, "memory.max_usage_in_bytes", "")
}

func (c cgroup) limit(t *testing.T) int64 {
	t.Helper()
	if c.v2 {
		return c.number(t, "memory.max", "")
	}
	return c.number(t, "memory.limit_in_bytes", "")
}

// killed is how many processes the kernel has killed for want of memory.
func (c cgroup) killed(t *testing.T) int64 {
	t.Helper()
	if c.v2 {
		return c.number(t, "memory.events", "oom_kill ")
	}
	return c.number(t, "memory.oom_control", "oom_kill ")
}

// number is what a file has in the line that begins so.
func (c cgroup) number(t *testing.T, file, begin string) int64 {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), begin); ok {
			value, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	t.Fatalf("%s of %s has no line %q", file, c.dir, begin)
	return 0
}
