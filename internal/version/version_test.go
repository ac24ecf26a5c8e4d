package version_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// build makes the sidecar of the checkout in root, as a release would.
func build(t *testing.T, root string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "sidecar")
	target := exec.CommandContext(t.Context(), "make", "--directory="+root, "bin/sidecar", "VERSION=v1.2.3", "ARCH="+runtime.GOARCH, "SIDECAR="+binary)
	target.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := target.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// The linker ignores a variable that it does not find, such as one that was renamed.
func TestTheVersionOfTheMakefileIsThatOfTheSidecarAndOfItsSubcommands(t *testing.T) {
	binary := build(t, "../..")
	want := " v1.2.3 (" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ")\n"
	for command, arguments := range map[string][]string{
		"sidecar": {"--version"}, "sidecar probe": {"probe", "--version"}, "sidecar wait": {"wait", "--version"},
	} {
		out, err := exec.CommandContext(t.Context(), binary, arguments...).Output()
		if err != nil || string(out) != command+want {
			t.Errorf("%s prints %q, %v", strings.Join(arguments, " "), out, err)
		}
	}
}

func TestTheSidecarIsTheSameWhereverItIsBuilt(t *testing.T) {
	other := t.TempDir()
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "contract", "internal", "sidecar"} {
		if err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join("..", "..", name), other).Run(); err != nil {
			t.Fatal(err)
		}
	}
	first, err := os.ReadFile(build(t, "../.."))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(build(t, other))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("the same sources made %d and %d bytes that differ", len(first), len(second))
	}
}
