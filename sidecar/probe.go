package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
)

// wait is the postStart hook. It returns no error: the kubelet kills a container whose hook fails, and that brings no
// credentials.
func wait(ctx context.Context, arguments []string, out io.Writer) {
	client, err := config.ParseClient(contract.CommandWait, arguments, config.DefaultWait, out)
	if err != nil {
		_, _ = fmt.Fprintln(out, err)
		return
	}
	status, err := client.Wait(ctx)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(out, err)
	case status.Reason != "":
		_, _ = fmt.Fprintln(out, status.Reason)
	}
}

// probe is the readiness probe. `kubectl describe pod` shows its error.
func probe(ctx context.Context, arguments []string, out io.Writer) error {
	client, err := config.ParseClient(contract.CommandProbe, arguments, config.DefaultProbe, out)
	if err != nil {
		return err
	}
	status, err := client.Wait(ctx)
	if err != nil {
		return err
	}
	if !status.Ready() {
		return errors.New(status.Reason)
	}
	return nil
}
