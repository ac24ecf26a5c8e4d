package sdks_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// dialogue is a client that runs, here or in a pod: it answers each line with one.
type dialogue struct {
	ctx       context.Context
	cmd       *exec.Cmd
	questions io.WriteCloser
	answers   *bufio.Scanner
	complaint bytes.Buffer // to be read after the end
}

// failed is what a client says went wrong.
type failed string

func (f failed) Error() string { return "the client says: " + string(f) }

// talk starts a client, which ends with ctx or by end.
func talk(ctx context.Context, cmd *exec.Cmd) (*dialogue, error) {
	d := &dialogue{ctx: ctx, cmd: cmd}
	cmd.Stderr = &d.complaint
	cmd.WaitDelay = time.Second
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if d.questions, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	d.answers = bufio.NewScanner(answers)
	d.answers.Buffer(nil, 1<<20)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the client: %w", err)
	}
	return d, nil
}

// ask asks a client; the error is of type failed where the client has one of its own.
func (d *dialogue) ask(question string) (answer string, err error) {
	if _, err := fmt.Fprintln(d.questions, question); err != nil {
		return "", d.ended(err)
	}
	for d.answers.Scan() {
		status, rest, _ := strings.Cut(d.answers.Text(), " ")
		switch status {
		case "ok":
			return rest, nil
		case "error":
			return "", failed(rest)
		}
		// Some SDKs print warnings.
	}
	return "", d.ended(d.answers.Err())
}

// ended says how a client came to its end.
func (d *dialogue) ended(err error) error {
	if d.ctx.Err() != nil {
		return fmt.Errorf("no answer: %w", context.Cause(d.ctx))
	}
	return fmt.Errorf("the client has ended (%w): %s", errors.Join(err, d.cmd.Wait()), strings.TrimSpace(d.complaint.String()))
}

func (d *dialogue) end() {
	_ = d.questions.Close()  // it may have ended by itself,
	_ = d.cmd.Process.Kill() // or not end by this,
	_ = d.cmd.Wait()         // and how it ends is of no interest
}
