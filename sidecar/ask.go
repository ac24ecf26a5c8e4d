package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// wait is the postStart hook. It has no error to give: a failed hook makes the kubelet kill the container, which brings no
// credentials.
func wait(ctx context.Context, args []string, out io.Writer) {
	ask, err := config.ParseAsk("wait", args, config.DefaultWait, out)
	if err != nil {
		_, _ = fmt.Fprintln(out, err)
		return
	}
	status, err := readiness.Ask(ctx, ask.Listen, ask.Timeout)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(out, err)
	case status.Reason != "":
		_, _ = fmt.Fprintln(out, status.Reason)
	}
}

// probe is the readiness probe: its error, or what it writes to out, is what `kubectl describe pod` shows.
func probe(ctx context.Context, args []string, out io.Writer) error {
	ask, err := config.ParseAsk("probe", args, config.DefaultProbe, out)
	if err != nil {
		return err
	}
	status, err := readiness.Ask(ctx, ask.Listen, ask.Timeout)
	if err != nil {
		return err
	}
	if !status.Ready() {
		return errors.New(status.Reason)
	}
	return nil
}
