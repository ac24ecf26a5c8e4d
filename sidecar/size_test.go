package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestBinaryIsSmall builds the sidecar as `make binaries` does. Nearly all of it is mapped by every pod.
func TestBinaryIsSmall(t *testing.T) {
	// The budget of docs/benchmarks.md is 10 MB; it has 8.0, and 8.5 with HTTP/2.
	const budget = 8_300_000
	binary := filepath.Join(t.TempDir(), "sidecar")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-tags=nethttpomithttp2", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	file, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() > budget {
		t.Errorf("the binary has %d bytes, more than %d", file.Size(), budget)
	}
}
