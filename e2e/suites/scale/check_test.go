package scale_test

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// check measures kubectl pod-identity check, which looks at every pod and association.
func check(t *testing.T, f fixture) {
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "kubectl-pod_identity")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./plugin/kubectl-pod_identity")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var out string
	run := func(ctx context.Context) (well bool, err error) {
		out, well = f.measure(ctx, t, program)
		return well, nil
	}
	// The statuses of all associations are written first.
	if err := wait.PollUntilContextTimeout(t.Context(), 5*time.Second, 5*time.Minute, true, run); err != nil {
		t.Fatalf("all is not well: %v\n%s", err, out)
	}
	for range 4 {
		if well, _ := run(t.Context()); !well {
			t.Errorf("all is not well:\n%s", out)
		}
	}
	t.Logf("%s", out)
}

// measure runs check, and reports whether it finds all well. The most memory that it had is read while it runs: what the kernel tells of
// a process that has ended includes the one that started it.
func (f fixture) measure(ctx context.Context, t *testing.T, program string) (out string, well bool) {
	t.Helper()
	var buffer bytes.Buffer
	command := f.Cluster.Command(ctx, program, "check")
	command.Stdout, command.Stderr = &buffer, &buffer
	begin := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	most, err := 0, error(nil)
	for waiting := true; waiting; {
		select {
		case err = <-ended:
			waiting = false
		case <-time.After(5 * time.Millisecond):
			if now, running := kilobytes(command.Process.Pid, "VmHWM"); running {
				most = now
			}
		}
	}
	t.Logf("check took %s, %s of CPU time and %d MB", time.Since(begin).Round(10*time.Millisecond),
		(command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Round(10*time.Millisecond), most/1000)
	if most == 0 || most > budget*1000 {
		t.Errorf("check had %d kB in memory, and may have %d MB", most, budget)
	}
	return buffer.String(), err == nil
}
