package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Path is the PATH of what runs in a node.
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Process is a daemon that this program started in a node. It outlives this program.
type Process struct {
	name    string
	node    *Node
	process *os.Process
	done    chan struct{}
	err     error
}

// Done is closed when the daemon has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the daemon ended, with the last lines of its log. It is nil until Done is closed.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop kills the daemon, and returns when it has ended.
func (p *Process) Stop() error {
	if err := p.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// Start starts a daemon in the node, in a session of its own so that Ctrl-C at the terminal does not reach it. Its
// environment is env and nothing of ours: a proxy set on the host must not reach the cluster.
func (n *Node) Start(name string, env []string, argv ...string) (*Process, error) {
	log, err := os.OpenFile(n.LogPath(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }() // written by the process, not by us

	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = n.environment(env)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := n.within([]string{"net", "pid", "mnt"}, cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	process := &Process{name: name, node: n, process: cmd.Process, done: make(chan struct{})}
	go process.wait(cmd)
	return process, n.track(name, cmd.Process.Pid)
}

func (p *Process) wait(cmd *exec.Cmd) {
	err := cmd.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	p.err = fmt.Errorf("%s ended (%w); the end of its log:\n%s", p.name, err, p.node.LogTail(p.name))
	close(p.done)
}

// track records a daemon and moves it into the node's cgroup. One that has already ended is not an error here: whoever
// waits for it learns why it ended.
func (n *Node) track(name string, pid int) error {
	process, err := recordOf(pid)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	if err := process.write(filepath.Join(records(n.dir), name)); err != nil {
		return err
	}
	if err := joinCgroups(n.name, pid); err != nil && process.alive() {
		return err
	}
	return nil
}

// Output runs a command in the node to its end and returns what it printed. The error carries what it complained about.
func (n *Node) Output(ctx context.Context, stdin io.Reader, env []string, argv ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = n.environment(env), stdin, &stdout, &stderr
	if err := n.within([]string{"net", "pid", "mnt"}, cmd.Start); err != nil {
		return "", fmt.Errorf("start %s: %w", filepath.Base(argv[0]), err)
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return stdout.String(), fmt.Errorf("%s: %w: %s", filepath.Base(argv[0]), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func (n *Node) environment(env []string) []string {
	return append([]string{
		"PATH=" + Path,
		"HOME=" + n.dir,
		"TMPDIR=" + filepath.Join(n.dir, "tmp"),
	}, env...)
}
