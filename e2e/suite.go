package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const keptSummary = `
Use it (as root):
  alias k=%s
  make e2e SUITE=reconciliation              # one suite, with the product as it is in the checkout
  make e2e SUITE=reconciliation RUN=/killed  # one scenario of it
  make cluster                               # brings the product up to date
  make cluster-down                          # removes every trace of the cluster
`

// keep starts the cluster that is kept between runs, or brings its product up to date.
func keep(ctx context.Context) error {
	p, err := platform.Keep(ctx, progress{time.Now()}.print)
	if err != nil {
		return err
	}
	fmt.Printf(keptSummary, p.Cluster.KubectlPath())
	return nil
}

// suite runs a suite, or what the expression chooses of it: on the cluster of KUBECONFIG, or on the kept one, if it can, or
// else on a cluster of its own.
func suite(ctx context.Context, name string, expression ...string) error {
	if !slices.Contains(suites(), name) {
		return fmt.Errorf("there is no suite %q: SUITE must be one of %s", name, strings.Join(suites(), ", "))
	}
	where, err := whereToRun(ctx)
	if err != nil {
		return err
	}
	args := []string{"test", "-count=1", "-v", "-timeout=2h", "-run=" + strings.Join(expression, ""), "./suites/" + name}
	test := exec.CommandContext(ctx, "go", args...)
	test.Env = append(os.Environ(), where...)
	test.Stdout, test.Stderr = os.Stdout, os.Stderr
	test.Cancel = func() error { return test.Process.Signal(os.Interrupt) }
	if err := test.Run(); err != nil {
		return fmt.Errorf("suite %s: %w", name, err)
	}
	return nil
}

// whereToRun returns the variables that tell a suite on which cluster to run.
func whereToRun(ctx context.Context) ([]string, error) {
	out := progress{time.Now()}
	// These choose among clusters that are started here, whatever KUBECONFIG is.
	chosen := os.Getenv("KUBERNETES") + os.Getenv("CONTAINERD") + os.Getenv("IP_FAMILY")
	if os.Getenv("KUBECONFIG") != "" && chosen == "" {
		return []string{platform.UseExisting}, nil
	}
	p, err := platform.OpenKept(ctx, out.print)
	if errors.Is(err, os.ErrNotExist) {
		out.print("no cluster is kept, so this suite starts its own: make cluster keeps one")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if other := p.Contradiction(); other != "" {
		out.print("%s: this suite starts its own cluster", other)
		return nil, nil
	}
	return []string{platform.UseKept}, p.Update(ctx, out.print)
}

func suites() []string {
	all, err := filepath.Glob("suites/*/*_test.go")
	if err != nil {
		return nil
	}
	var names []string
	for _, file := range all {
		if name := filepath.Base(filepath.Dir(file)); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return names
}
