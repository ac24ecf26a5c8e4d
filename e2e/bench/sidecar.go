package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pollTimeout bounds what takes milliseconds.
const pollTimeout = 30 * time.Second

const identity = `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader"}`

// pods starts sidecars as processes, each as it would run in a pod of its own.
type pods struct {
	// program is the binary that is in the image of the sidecar.
	program string
	sts     *sts
	work    string
	// environment is what the webhook adds for some pods.
	environment []string
}

// sidecar is one that runs.
type sidecar struct {
	process
	address string
	cmd     *exec.Cmd
	dir     string
	log     bytes.Buffer // to be read after the end
}

// start starts a sidecar with this identity document; an empty one means no association. More flags are those that the webhook sets
// on request alone.
func (p pods) start(ctx context.Context, identity string, flags ...string) (*sidecar, error) {
	dir, err := os.MkdirTemp(p.work, "pod-")
	if err != nil {
		return nil, fmt.Errorf("make the directory of a pod: %w", err)
	}
	s := &sidecar{dir: dir}
	if s.address, err = freeAddress(ctx); err != nil {
		return nil, err
	}
	s.cmd = p.command(ctx, s, append(flags, "--authorization="+s.file("token"), "--listen="+s.address)...)
	if err := errors.Join(s.project(identity), s.cmd.Start()); err != nil {
		return nil, fmt.Errorf("start a sidecar: %w", err)
	}
	s.process = process(s.cmd.Process.Pid)
	return s, nil
}

// command is the program with the files of s and the environment of a pod.
func (p pods) command(ctx context.Context, s *sidecar, arguments ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, p.program, append(arguments, "--identity="+s.file("identity"), "--token="+s.file("token.jwt"))...)
	// The first as in the image of the sidecar, the others as the webhook sets them.
	c.Env = []string{
		"GOMAXPROCS=1", "AWS_REGION=us-east-1", "AWS_ENDPOINT_URL_STS=" + p.sts.URL, "AWS_CA_BUNDLE=" + p.sts.bundle,
		"POD_NAME=web-0", "POD_NAMESPACE=bench", "POD_UID=0a1b", "POD_SERVICE_ACCOUNT=reader",
	}
	c.Env = append(c.Env, p.environment...)
	c.Stderr = &s.log
	return c
}

// project writes the files that the kubelet does.
func (s *sidecar) project(identity string) error {
	return errors.Join(os.WriteFile(s.file("identity"), []byte(identity), 0o600), os.WriteFile(s.file("token.jwt"), bytes.Repeat([]byte("e"), 1000), 0o600))
}

// exchange runs `sidecar exchange` once, and looks at its memory meanwhile if that is wanted.
func (p pods) exchange(ctx context.Context, look bool) (peak int64, cpu time.Duration, err error) {
	dir, err := os.MkdirTemp(p.work, "exchange-")
	if err != nil {
		return 0, 0, fmt.Errorf("make the directory of an exchange: %w", err)
	}
	s := &sidecar{dir: dir}
	c := p.command(ctx, s, "exchange")
	if err := errors.Join(s.project(identity), c.Start()); err != nil {
		return 0, 0, fmt.Errorf("start an exchange: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		err = c.Wait()
		close(ended)
	}()
	for look {
		select {
		case <-ended:
			look = false
		default:
			m, _ := process(c.Process.Pid).memory() // it may have ended
			peak = max(peak, m.anonymous)
		}
	}
	<-ended
	if err != nil {
		return 0, 0, fmt.Errorf("sidecar exchange: %w: %s", err, s.log.String())
	}
	return peak, c.ProcessState.UserTime() + c.ProcessState.SystemTime(), nil
}

func (s *sidecar) file(name string) string { return filepath.Join(s.dir, name) }

// end ends the sidecar.
func (s *sidecar) end() {
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()         // killed
}

// ask runs `sidecar wait` or `sidecar probe` beside the sidecar, as the kubelet does, and returns what that cost.
func (s *sidecar) ask(ctx context.Context, command string) (took, cpu time.Duration, err error) {
	ask := exec.CommandContext(ctx, s.cmd.Path, command, "--listen="+s.address)
	ask.Env = []string{"GOMAXPROCS=1"}
	begin := time.Now()
	if out, err := ask.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("sidecar %s: %w: %s", command, err, out)
	}
	return time.Since(begin), ask.ProcessState.UserTime() + ask.ProcessState.SystemTime(), nil
}

func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}
