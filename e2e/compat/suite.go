package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// outcome is what a suite has come to.
type outcome struct {
	// passed is the number of its cases, and failed the names of those that do not hold.
	passed  int
	failed  []string
	seconds float64
}

func (o outcome) String() string { return fmt.Sprintf("%d cases, %.0f s", o.passed, o.seconds) }

// event is a line of go test -json.
type event struct {
	Action, Test, Output string
	Elapsed              float64
}

// runSuite runs a suite on a cluster of its own, which these variables choose.
func runSuite(ctx context.Context, suite string, env []string) (outcome, error) {
	test := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=1h", "./suites/"+suite)
	test.Env = append(os.Environ(), env...)
	test.Stderr = os.Stderr
	test.Cancel = func() error { return test.Process.Signal(os.Interrupt) }
	pipe, err := test.StdoutPipe()
	if err != nil {
		return outcome{}, fmt.Errorf("read what suite %s says: %w", suite, err)
	}
	if err := test.Start(); err != nil {
		return outcome{}, fmt.Errorf("run suite %s: %w", suite, err)
	}
	seen, readErr := read(pipe, os.Stdout)
	if err := errors.Join(readErr, test.Wait()); err != nil {
		return seen, fmt.Errorf("suite %s: %w; what does not hold: %s", suite, err, strings.Join(seen.failed, "; "))
	}
	if seen.passed == 0 {
		return seen, fmt.Errorf("suite %s: no case has been run", suite)
	}
	return seen, nil
}

// read counts the cases of a suite: the tests that have none below them. It prints what the suite says.
func read(events io.Reader, output io.Writer) (seen outcome, err error) {
	ended := map[string]string{}
	decoder := json.NewDecoder(events)
	for {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return seen, fmt.Errorf("read what go test says: %w", err)
		}
		if _, err := io.WriteString(output, e.Output); err != nil {
			return seen, fmt.Errorf("print what the suite says: %w", err)
		}
		switch {
		case e.Action != "pass" && e.Action != "fail":
		case e.Test == "":
			seen.seconds = e.Elapsed
		default:
			ended[e.Test] = e.Action
		}
	}
	for test, action := range ended {
		isParent := false
		for other := range ended {
			isParent = isParent || strings.HasPrefix(other, test+"/")
		}
		switch {
		case action == "fail":
			seen.failed = append(seen.failed, test)
		case !isParent:
			seen.passed++
		}
	}
	slices.Sort(seen.failed)
	return seen, nil
}
