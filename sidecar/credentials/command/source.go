// Package command is a source of credentials that is a process: it reads an identity document from its standard input, prints
// credentials in the credential_process format of the AWS SDKs, and ends. So its memory is paid for while it runs alone, a tenth of a
// second twice an hour, and nothing that ends it ends the sidecar.
package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

const (
	// maxPrinted is several times the largest session.
	maxPrinted = 64 << 10
	// waitDelay bounds the wait for the pipes of a process that was killed.
	waitDelay = time.Second
)

// Source starts a process for each fetch.
type Source struct {
	// Path is the file of the program.
	Path string
	// Arguments of the program. Every process of the node can read them: none may be a secret.
	Arguments []string
	// Environment is the whole environment of the process.
	Environment []string
}

var _ credentials.Source = Source{}

// Fetch implements credentials.Source. Once ctx is done, it kills the process and whatever that has started.
func (s Source) Fetch(ctx context.Context, id contract.Identity) (credentials.Credentials, error) {
	printed := bounded{limit: maxPrinted}
	c := exec.CommandContext(ctx, s.Path, s.Arguments...)
	c.Env = append([]string{}, s.Environment...) // a nil one would be our own
	c.Stdin, c.Stdout = strings.NewReader(id.String()), &printed
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = waitDelay
	if err := c.Start(); err != nil {
		return credentials.Credentials{}, fmt.Errorf("the exchange cannot be started: %w: check the limits of processes and memory of this pod and its node", err)
	}
	err := c.Wait()
	switch {
	case ctx.Err() != nil:
		return credentials.Credentials{}, fmt.Errorf("the exchange was ended: %w: check whether this pod gets CPU", context.Cause(ctx))
	case printed.exceeded:
		return credentials.Credentials{}, fmt.Errorf("the exchange printed more than %d bytes: report this as a bug", maxPrinted)
	case err == nil:
		return parse(printed.buffer.Bytes())
	}
	return credentials.Credentials{}, ended(err, printed.buffer.Bytes())
}

// ended says why a process has not printed credentials.
func ended(err error, printed []byte) error {
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return fmt.Errorf("the exchange cannot be followed: %w: report this as a bug", err)
	}
	if exit.ExitCode() == ExitFailure {
		return parseFailure(printed)
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("the exchange was ended by a signal, %s: check whether the memory limit of the sidecar or of the pod is reached", status.Signal())
	}
	return fmt.Errorf("the exchange ended with code %d: report this as a bug", exit.ExitCode())
}

// bounded keeps what is written up to a limit, and fails beyond it, which closes the pipe.
type bounded struct {
	buffer   bytes.Buffer
	limit    int
	exceeded bool
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.buffer.Len()+len(p) > b.limit {
		b.exceeded = true
		return 0, errors.New("too long")
	}
	return b.buffer.Write(p)
}
