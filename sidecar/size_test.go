package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBinaryIsSmall builds the sidecar as `make binaries` does. Every pod maps nearly all of it.
func TestBinaryIsSmall(t *testing.T) {
	// The budget of docs/benchmarks.md is 10 MB. This one is closer to the binary's size, to notice what makes it grow: HTTP/2
	// would add half a megabyte.
	const budget = 8_300_000
	binary := filepath.Join(t.TempDir(), "sidecar")
	build := exec.CommandContext(t.Context(), "make", "--directory=..", "bin/sidecar", "ARCH=amd64", "SIDECAR="+binary)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", file.Size())
	if file.Size() > budget {
		t.Errorf("the binary has %d bytes, more than %d", file.Size(), budget)
	}
}
