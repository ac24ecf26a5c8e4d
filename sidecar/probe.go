package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/probes"
)

// restartedWait is the longest wait in a pod that has started. Its applications run already, as a rule, and a longer one keeps the pod out of
// its Services: until the hook ends, the kubelet takes the container for unready.
const restartedWait = 2 * time.Second

// wait is the postStart hook. It returns no error: the kubelet kills a container whose hook fails, and that brings no
// credentials.
func wait(ctx context.Context, arguments []string, out io.Writer) {
	client, err := config.ParseWait(arguments, out)
	if err != nil {
		printError(err, out)
		return
	}
	status, err := client.Status(ctx)
	if err == nil && status.Started {
		client.Timeout = min(client.Timeout, restartedWait)
	}
	if err == nil {
		status, err = client.Wait(ctx)
	}
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(out, err)
	case status.Reason != "":
		_, _ = fmt.Fprintln(out, status.Reason)
	}
}

// probe is the readiness probe or, with --live, the liveness probe, for pods whose kubelet does not reach the listener of
// listenProbes. `kubectl describe pod` shows its error.
func probe(ctx context.Context, arguments []string, out io.Writer) error {
	client, live, err := config.ParseProbe(arguments, out)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, client.Timeout)
	defer cancel()
	status, err := client.Status(ctx)
	if err == nil && !live && !status.Started {
		status, err = client.Wait(ctx)
	}
	switch {
	case err != nil:
		return err
	case live && status.Trouble != "":
		return errors.New(status.Trouble)
	case !live && !status.Started:
		return errors.New(status.Reason)
	}
	return nil
}

// listenProbes returns nil if probes are switched off or cannot be served. That does not end the sidecar: the pod needs credentials
// more than to be ready.
func listenProbes(ctx context.Context, address string, log logrus.FieldLogger) net.Listener {
	if address == "" {
		return nil
	}
	listener, err := probes.Listen(ctx, address)
	if err != nil {
		log.WithError(err).Error("the kubelet's probes are not answered, so the kubelet takes the pod for unready: another process of the pod has their port, " +
			"which its container should declare; credentials are served all the same")
		return nil
	}
	return listener
}
