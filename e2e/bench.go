package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/podidentity/podidentity/e2e/bench"
	"github.com/podidentity/podidentity/e2e/document"
	"github.com/podidentity/podidentity/e2e/platform"
)

// benchmark measures the product against its budgets: all of it, and then it writes the table into the document, or what needs
// no cluster.
func benchmark(ctx context.Context, quick bool) (err error) {
	out := progress{time.Now()}
	root, err := platform.Root(ctx)
	if err != nil {
		return err
	}
	raw, err := os.Create(filepath.Join(root, "bin", "bench.txt"))
	if err != nil {
		return fmt.Errorf("keep the results of the benchmarks: %w", err)
	}
	defer func() { _ = raw.Close() }() // what matters is in the table
	machine, err := bench.Machine()
	if err != nil {
		return err
	}
	run := bench.Run{Root: root, Raw: raw, Log: out.print}
	measure := run.All
	if quick {
		measure = run.Quick
	}
	rows, err := measure(ctx)
	fmt.Printf("\n%s\n\n%s\n", machine, bench.Text(rows))
	if err != nil {
		return err
	}
	out.print("the output of the Go benchmarks is in bin/bench.txt, for benchstat")
	if quick {
		return nil
	}
	return document.Table{File: filepath.Join(root, "docs/benchmarks.md"), Command: "make bench"}.Write("\nOn " + machine + ":\n\n" + bench.Markdown(rows) + "\n")
}
