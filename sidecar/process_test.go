package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const envProcess = "TEST_AS_SIDECAR"

// TestMain makes the test binary a sidecar if the environment or a sidecar that runs in a test says so.
func TestMain(m *testing.M) {
	if os.Getenv(envProcess) != "" || slices.Contains(os.Args, "exchange") {
		main()
	}
	m.Run()
}

// startable is `sidecar` with args, as a process.
func startable(ctx context.Context, out io.Writer, environment []string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	// The race detector would sleep a second at the end of each process.
	c.Env = append(environment, envProcess+"=1", "GORACE=atexit_sleep_ms=0")
	c.Stdout, c.Stderr = out, out
	return c
}

// TestLinesOfTheREADME runs the commands of the README.
func TestLinesOfTheREADME(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"identity.json": `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader"}`,
		"token.jwt":     "a.b.c",
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := freeAddress(t)
	var out, answers bytes.Buffer
	sidecar := startable(t.Context(), &out, []string{"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + fakeSTS(t)},
		"--identity=identity.json", "--token=token.jwt", "--authorization=auth/token", "--listen="+address)
	if err := sidecar.Start(); err != nil {
		t.Fatal(err)
	}
	if err := startable(t.Context(), &answers, nil, "wait", "--listen="+address, "--timeout=30s").Run(); err != nil || answers.Len() > 0 {
		t.Errorf("wait: %v, %s", err, answers.String())
	}
	if err := startable(t.Context(), &answers, nil, "probe", "--listen="+address).Run(); err != nil {
		t.Errorf("probe: %v, %s", err, answers.String())
	}
	p := pod{dir: ".", address: address}
	if status := p.get(t); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	expectHidden(t, sidecar.Process.Pid)
	if err := sidecar.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := sidecar.Wait(); err != nil {
		t.Errorf("SIGTERM ended it with %v: %s", err, out.String())
	}
}

// expectHidden checks what other processes see of a process.
func expectHidden(t *testing.T, pid int) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || bytes.Contains(line, []byte("a.b.c")) || !bytes.Contains(line, []byte("--token=token.jwt")) {
		t.Errorf("the command line is %q, %v", line, err)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for limit := range strings.Lines(string(limits)) {
		if strings.HasPrefix(limit, "Max core file size") && strings.Count(limit, " 0 ") != 2 {
			t.Errorf("core dumps are allowed: %s", limit)
		}
	}
}

func TestMemoryIsHiddenFromOtherProcessesOfTheUser(t *testing.T) {
	if os.Getuid() != 0 || runtime.GOOS != "linux" {
		t.Fatal("only root can start the processes of another user: run the tests with sudo, on Linux")
	}
	address, dir := freeAddress(t), t.TempDir()
	binary := filepath.Join(dir, "sidecar")
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chown(dir, nobody, nobody), os.Link(os.Args[0], binary)); err != nil {
		t.Fatalf("the user nobody cannot be given this test's binary: %v", err)
	}
	as := asNobody()
	var out, seen bytes.Buffer
	sidecar := startable(t.Context(), &out, []string{"AWS_CONTAINER_AUTHORIZATION_TOKEN=" + strings.Repeat("secret", 5)},
		"--identity="+dir+"/none", "--authorization="+dir+"/token", "--listen="+address)
	sidecar.Path, sidecar.SysProcAttr, sidecar.Dir = binary, as, "/"
	if err := sidecar.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sidecar.Wait() }()
	defer func() { _ = sidecar.Process.Signal(syscall.SIGTERM) }()
	if err := startable(t.Context(), &seen, nil, "wait", "--listen="+address).Run(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"environ", "maps"} {
		look := exec.CommandContext(t.Context(), "cat", fmt.Sprintf("/proc/%d/%s", sidecar.Process.Pid, name))
		look.SysProcAttr = as
		if text, err := look.Output(); err == nil || len(text) > 0 {
			t.Errorf("another process of the user reads %d bytes of %s", len(text), name)
		}
	}
}
