package platform

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Processes are the process IDs of a container, found by its cgroup; at least one, or the test ends. The container ID may have
// the prefix that a status gives it.
func Processes(t *testing.T, container string) []int {
	t.Helper()
	_, id, found := strings.Cut(container, "://")
	if !found {
		id = container
	}
	return processes(t, "cgroup", id)
}

// Component is the process ID of a component of the platform's cluster, such as "kube-apiserver".
func (p *Platform) Component(t *testing.T, name string) int {
	t.Helper()
	// The directory of the cluster's files, or its node, is among the arguments of each.
	for _, pid := range processes(t, "cmdline", filepath.Base(filepath.Dir(filepath.Dir(p.Cluster.Kubeconfig())))) {
		if line, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline")); err == nil {
			program, _, _ := strings.Cut(string(line), "\x00")
			if filepath.Base(program) == name {
				return pid
			}
		}
	}
	t.Fatalf("no process %s runs in the cluster", name)
	return 0
}

// processes are those with the text in a file of theirs below /proc.
func processes(t *testing.T, file, text string) []int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("/proc/[0-9]*", file))
	if err != nil {
		t.Fatal(err)
	}
	var found []int
	for _, path := range files {
		// Processes end while we look.
		if content, err := os.ReadFile(path); err != nil || !strings.Contains(string(content), text) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pid)
	}
	if len(found) == 0 {
		t.Fatalf("no process has %s in its %s", text, file)
	}
	return found
}
