package version_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The Makefile builds a binary with the version, so that a renamed variable, which the linker ignores, is noticed.
func TestTheVersionOfTheMakefileIsThatOfTheSidecarAndOfItsSubcommands(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "sidecar")
	build := exec.CommandContext(t.Context(), "make", "--directory=../..", "bin/sidecar", "VERSION=v1.2.3", "ARCH="+runtime.GOARCH, "SIDECAR="+binary)
	build.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
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
