package node

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestANodeIsAMachineOfItsOwnAndLeavesNothingBehind(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("namespaces need root: run the tests with sudo")
	}
	const name = "podidentity-node-test"
	dir := filepath.Join("/var/lib", name)
	remove := func() {
		if err := Remove(t.Context(), name, dir); err != nil {
			t.Fatal(err)
		}
	}
	remove()
	defer func() {
		if err := Remove(t.Context(), name, dir); err != nil {
			t.Error(err)
		}
	}()
	n := create(t, name, dir)
	assertIsolated(t, n)
	assertCgroupsAreOpen(t)
	assertEndIsReported(t, n)
	assertADaemonIsStopped(t, n)
	orphan, err := n.Start("orphan", nil, "/bin/sh", "-c", "setsid sleep 1000 & sleep 1000")
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := Open(name, dir); err != nil || *opened != *n {
		t.Errorf("Open = %v, %v", opened, err)
	}
	begin := time.Now()
	remove()
	t.Log("removed in", time.Since(begin))
	<-orphan.Done()
	if _, err := Open(name, dir); err == nil {
		t.Error("a removed node can be opened")
	}
	remove()
}

func assertIsolated(t *testing.T, n *Node) {
	t.Helper()
	host, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	if err != nil {
		t.Fatal(err)
	}
	out, err := n.Output(t.Context(), nil, nil, "/bin/sh", "-c", `
		set -e
		echo 1 >/proc/sys/vm/overcommit_memory
		touch /run/x /var/lib/x /var/log/x
		test "$(cat /proc/1/comm)" = pause
		ls /run; ls `+n.dir+`; cat /proc/self/mountinfo >&2`)
	if err != nil {
		t.Fatal(err)
	}
	// As container runtimes mount it for a pod with hostUsers: false. The kernel allows it only where another one is to be seen as a whole.
	if out, err := n.Output(t.Context(), nil, nil, "unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"); err != nil {
		t.Errorf("a user namespace cannot mount /proc: %v %s", err, out)
	}
	if !strings.HasPrefix(out, "x\n") {
		t.Errorf("/run of the node holds %q, want its own only", out)
	}
	after, err := os.ReadFile("/proc/sys/vm/overcommit_memory")
	if err != nil || string(after) != string(host) {
		t.Errorf("overcommit_memory of the host became %q (%v)", after, err)
	}
	for _, path := range []string{"/run/x", "/var/lib/x", "/var/log/x"} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s was written on the host", path)
		}
	}
}

// assertCgroupsAreOpen is for pods with hostUsers: false, whose root is another user.
func assertCgroupsAreOpen(t *testing.T) {
	t.Helper()
	dirs, err := cgroupDirs("podidentity-node-test")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("%s has the mode %v, %v", dir, info.Mode(), err)
		}
	}
}

func assertEndIsReported(t *testing.T, n *Node) {
	t.Helper()
	daemon, err := n.Start("sleeper", nil, "/bin/sh", "-c", "echo last words; sleep 0.2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-daemon.Done()
	if err := daemon.Err(); !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "last words") {
		t.Errorf("a daemon that ended says %v", err)
	}
	if err := daemon.Stop(); err != nil {
		t.Errorf("a daemon that has ended is not stopped: %v", err)
	}
}

func assertADaemonIsStopped(t *testing.T, n *Node) {
	t.Helper()
	daemon, err := n.Start("server", nil, "/bin/sleep", "1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Stop(); err != nil || !strings.Contains(daemon.Err().Error(), "killed") {
		t.Errorf("got %v, and a daemon that says %v", err, daemon.Err())
	}
	if running, err := n.Running("server"); err != nil || running {
		t.Errorf("the daemon runs: %v, %v", running, err)
	}
}

func create(t *testing.T, name, dir string) *Node {
	t.Helper()
	pause := filepath.Join(t.TempDir(), "pause")
	build := exec.Command("go", "build", "-o", pause, "github.com/podidentity/podidentity/e2e/machine/pause")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build pause: %v\n%s", err, out)
	}
	begin := time.Now()
	n, err := Create(t.Context(), Config{Name: name, Dir: dir, Init: pause})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("created in", time.Since(begin))
	return n
}
