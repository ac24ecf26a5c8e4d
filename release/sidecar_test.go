package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// The sidecar stands for the other binaries, of which `make release-test` takes minutes.
func TestTheSidecarIsTheSameWhereverItIsBuilt(t *testing.T) {
	other := t.TempDir()
	copyOf(t, other, "Makefile", "go.mod", "go.sum", "contract", "internal", "sidecar")
	var made [][]byte
	for _, root := range []string{"..", other} {
		binary := filepath.Join(t.TempDir(), "sidecar")
		build := exec.CommandContext(t.Context(), "make", "--directory="+root, "bin/sidecar", "VERSION=v1.2.3", "ARCH="+runtime.GOARCH, "SIDECAR="+binary)
		build.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		content, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, content)
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Errorf("the same sources made %d and %d bytes that differ", len(made[0]), len(made[1]))
	}
}
