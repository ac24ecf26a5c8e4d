package version_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// build makes the sidecar as a release would.
func build(t *testing.T) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "sidecar")
	target := exec.CommandContext(t.Context(), "make", "--directory=../..", "bin/sidecar", "VERSION=v1.2.3", "ARCH="+runtime.GOARCH, "SIDECAR="+binary)
	target.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	if out, err := target.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return binary
}

// The linker ignores a variable that it does not find, such as one that was renamed.
func TestTheVersionOfTheMakefileIsThatOfTheSidecarAndOfItsSubcommands(t *testing.T) {
	binary := build(t)
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
