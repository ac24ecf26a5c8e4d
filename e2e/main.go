// E2e shows the product at work on a real cluster.
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/compat"
	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/platform"
)

const usage = `usage: e2e COMMAND
  prepare      installs and builds what the cluster is made of
  packages     prints the Debian packages of it, for vm.sh
  demo         runs the walk-through and leaves the cluster up
  demo-down    removes every trace of the demo
  cluster      starts the kept cluster, or brings its product up to date
  cluster-down removes every trace of the kept cluster
  suite NAME [REGEXP]  runs a suite, or the tests of it that the expression matches, as go test -run does
  compat CLUSTERS SUITES  runs suites on clusters of several kinds, and writes the tables of docs/compatibility.md; where one is empty, all
  remove-all   removes every cluster on this machine, whoever started it
  bench        measures the product against its budgets
  bench-quick  measures what needs no cluster`

func main() {
	// The daemons of a cluster outlive us: what we have inherited, such as a lock, must not live on in them.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // older kernels cannot
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func run(ctx context.Context, args []string) error {
	if len(args) > 1 && args[0] == "suite" {
		return suite(ctx, args[1], args[2:]...)
	}
	if len(args) == 3 && args[0] == "compat" {
		return compat.Run(ctx, strings.Fields(args[1]), strings.Fields(args[2]), progress{time.Now()}.print)
	}
	if len(args) != 1 {
		return errors.New(usage)
	}
	switch args[0] {
	case "prepare":
		return prepare(ctx)
	case "packages":
		fmt.Println(strings.Join(host.Packages(), ","))
		return nil
	case "demo":
		return demo(ctx)
	case "demo-down":
		return remove(ctx, demoName)
	case "cluster":
		return keep(ctx)
	case "cluster-down":
		return remove(ctx, platform.KeptName)
	case "remove-all":
		return cluster.RemoveAll(ctx)
	case "bench":
		return benchmark(ctx, false)
	case "bench-quick":
		return benchmark(ctx, true)
	}
	return fmt.Errorf("there is no command %q\n%s", args[0], usage)
}
