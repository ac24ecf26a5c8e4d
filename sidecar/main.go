// Command sidecar serves AWS credentials to the applications of its pod, on 127.0.0.1: those of the role that the pod's service
// account is associated with, or one container of it.
//
// `sidecar exchange` prints credentials of one session and ends; the sidecar starts it for each fetch.
// `sidecar wait` returns once the running sidecar has credentials or there is nothing to wait for. The exit code of
// `sidecar probe` reports whether the pod has all that it can have.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/podidentity/podidentity/contract"
)

func main() {
	tuneRuntime()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, arguments []string) (code int) {
	command := ""
	if len(arguments) > 0 {
		command = arguments[0]
	}
	switch command {
	case contract.CommandWait:
		wait(ctx, arguments[1:], os.Stdout)
		return 0
	case contract.CommandProbe:
		// The kubelet reads the reason from stdout.
		return printError(probe(ctx, arguments[1:], os.Stdout), os.Stdout)
	case contract.CommandExchange:
		return exchange(ctx, arguments[1:], os.Stdin, os.Stdout, os.Stderr)
	default:
		return printError(serve(ctx, arguments, os.Getenv, os.Stderr), os.Stderr)
	}
}

// printError prints err, for people and for the kubelet's termination message, and returns the exit code.
func printError(err error, out io.Writer) (code int) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	_, _ = fmt.Fprintln(out, err)
	return 1
}
