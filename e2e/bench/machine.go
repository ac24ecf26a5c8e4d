package bench

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine describes where a run took place, without saying whose machine it is.
func Machine() (string, error) {
	cpus, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", fmt.Errorf("read the model of the CPU: %w", err)
	}
	var system unix.Utsname
	if err := unix.Uname(&system); err != nil {
		return "", fmt.Errorf("read the version of the kernel: %w", err)
	}
	release := string(bytes.TrimRight(system.Release[:], "\x00"))
	return fmt.Sprintf("%d cores (%s), Linux %s, %s", runtime.NumCPU(), model(string(cpus)), version(release), runtime.Version()), nil
}

func model(cpus string) string {
	found := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindStringSubmatch(cpus)
	if found == nil {
		return runtime.GOARCH
	}
	return strings.TrimSpace(found[1])
}

// version is the number of a release; what follows it names who built it.
func version(release string) string {
	return regexp.MustCompile(`^[0-9.]*[0-9]`).FindString(release)
}
