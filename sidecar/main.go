// Command sidecar gives the applications of its pod AWS credentials of the role that the pod's service account is
// associated with, on 127.0.0.1 and for as long as the pod lives.
//
// `sidecar wait` returns when the running sidecar has credentials or there is nothing to wait for, `sidecar probe` tells by
// its exit code whether the pod has what it should.
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
)

func main() {
	frugal()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) (code int) {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch command {
	case "wait":
		wait(ctx, args[1:], os.Stdout)
		return 0
	case "probe":
		// On stdout, from where the kubelet takes the reason.
		return report(probe(ctx, args[1:], os.Stdout), os.Stdout)
	default:
		return report(serve(ctx, args, os.Getenv, os.Stderr), os.Stderr)
	}
}

// report writes err as it stands, a sentence for people and for the kubelet's termination message.
func report(err error, out io.Writer) (code int) {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	_, _ = fmt.Fprintln(out, err)
	return 1
}
