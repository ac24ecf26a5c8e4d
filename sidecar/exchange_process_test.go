package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// children are the processes that a process has started and not reaped.
func children(t *testing.T, pid int) (all []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Error(err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		for child := range strings.FieldsSeq(string(text)) {
			id, err := strconv.Atoi(child)
			if err != nil {
				t.Error(err)
			}
			all = append(all, id)
		}
	}
	return all
}

// killer is a fake STS that kills the second and the third process that asks it. After the second the kernel refuses to start another, until
// the sidecar has told that.
type killer struct {
	t       *testing.T
	sidecar chan int // its process
	asked   int
	done    chan struct{}
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	sidecar := <-k.sidecar
	k.sidecar <- sidecar
	all := children(k.t, sidecar)
	if len(all) != 1 {
		k.t.Errorf("the sidecar has the processes %v, want one", all)
		return
	}
	switch k.asked++; k.asked {
	case 1:
		expectDescriptors(k.t, all[0])
	case 2:
		limitProcesses(k.t, sidecar, 0)
		kill(k.t, all[0])
	case 3:
		kill(k.t, all[0])
	case 4:
		defer close(k.done)
	}
	answerAsSTS(w, r)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// limitProcesses limits those of the user nobody for one of them.
func limitProcesses(t *testing.T, pid, limit int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), "prlimit", "--pid="+strconv.Itoa(pid), "--nproc="+strconv.Itoa(limit)+":")
	c.SysProcAttr = asNobody() // who may do that without a capability
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("prlimit of util-linux: %v: %s", err, out)
	}
}

const nobody = 65534

func asNobody() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// expectDescriptors checks that a process has nothing open of what the sidecar has inherited.
func expectDescriptors(t *testing.T, pid int) {
	t.Helper()
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(open) < 3 {
		t.Errorf("the descriptors are %v, %v", open, err)
	}
	for _, descriptor := range open {
		if name, err := os.Readlink(descriptor); err == nil && filepath.Base(name) == "ours" {
			t.Errorf("%s is %s", descriptor, name)
		}
	}
}

// TestARealSidecarOutlivesItsExchanges has a sidecar of the user nobody, whose exchanges are killed or cannot be started, while an
// application asks for credentials without a pause. A longer session is what the sidecar fetches at once and without need: however late it is,
// the credentials before that do not expire.
func TestARealSidecarOutlivesItsExchanges(t *testing.T) {
	p := &pod{dir: t.TempDir(), address: freeAddress(t)}
	binary := p.file("sidecar")
	ours, err := os.Create(p.file("ours"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ours.Close() }()
	err = errors.Join(os.Chmod(filepath.Dir(p.dir), 0o755), os.Link(os.Args[0], binary), p.writeAsNobody("identity", readerDocument),
		p.writeAsNobody("token", "a.b.c"), os.Chown(p.dir, nobody, nobody))
	if err != nil {
		t.Fatalf("the user nobody cannot be given this test's binary: %v: run the tests with sudo, on Linux", err)
	}
	k := &killer{t: t, sidecar: make(chan int, 1), done: make(chan struct{})}
	sts := httptest.NewServer(k)
	defer sts.Close()
	log, out := io.Pipe()
	sidecar := startable(t.Context(), out, []string{"AWS_ENDPOINT_URL_STS=" + sts.URL, "GOMAXPROCS=1"},
		"--identity="+p.file("identity"), "--token="+p.file("token"), "--authorization="+p.file("auth/token"), "--listen="+p.address)
	sidecar.Path, sidecar.Dir, sidecar.ExtraFiles = binary, "/", []*os.File{ours}
	sidecar.SysProcAttr = asNobody()
	if err := sidecar.Start(); err != nil {
		t.Fatal(err)
	}
	k.sidecar <- sidecar.Process.Pid
	told := make(chan string, 1)
	go func() { told <- p.follow(t, log, sidecar.Process.Pid) }()
	wait(t.Context(), []string{"--listen=" + p.address}, io.Discard)
	if err := p.writeAsNobody("identity", longerDocument); err != nil {
		t.Error(err)
	}
	p.getUntil(t, k.done)
	err = errors.Join(sidecar.Process.Signal(syscall.SIGTERM), sidecar.Wait(), out.Close())
	all := <-told
	if err != nil || strings.Count(all, "was ended by a signal, killed") != 2 || strings.Count(all, "resource temporarily unavailable") == 0 {
		t.Errorf("the sidecar ended with %v after the log\n%s", err, all)
	}
}

// longerDocument differs from readerDocument in the duration of the session.
const longerDocument = `{"roleARN":"arn:aws:iam::111122223333:role/reader","sessionDuration":"2h"}`

// writeAsNobody replaces a file as the kubelet does, at once.
func (p *pod) writeAsNobody(name, content string) error {
	next := p.file(name + ".next")
	return errors.Join(os.WriteFile(next, []byte(content), 0o600), os.Chown(next, nobody, nobody), os.Rename(next, p.file(name)))
}

// follow reads the log to its end, and lifts the limit once the log tells of it.
func (p *pod) follow(t *testing.T, log io.Reader, pid int) (all string) {
	t.Helper()
	for lines := bufio.NewScanner(log); lines.Scan(); {
		all += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "the exchange cannot be started") {
			limitProcesses(t, pid, 1000)
		}
	}
	return all
}

// getUntil asks for credentials until done is closed.
func (p *pod) getUntil(t *testing.T, done <-chan struct{}) {
	t.Helper()
	for n := 0; ; n++ {
		select {
		case <-done:
			return
		default:
		}
		if status := p.get(t); status != http.StatusOK {
			t.Fatalf("status %d after %d", status, n)
		}
	}
}
