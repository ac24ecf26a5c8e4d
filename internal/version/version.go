// Package version says which release of the product a binary is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// linked is the VERSION of the Makefile. The linker writes it (-ldflags=-X), and can write nothing but a variable.
var linked string //nolint:gochecknoglobals // see above

// String is the version of the release, that of the module where `go install` built the binary, or "dev".
func String() string {
	info, ok := debug.ReadBuildInfo()
	switch {
	case linked != "":
		return linked
	case ok && info.Main.Version != "" && info.Main.Version != "(devel)":
		return info.Main.Version
	default:
		return "dev"
	}
}

// Line is what --version prints of a command.
func Line(command string) string {
	return fmt.Sprintf("%s %s (%s %s/%s)", command, String(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
