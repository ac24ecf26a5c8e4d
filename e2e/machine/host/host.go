// Package host prepares this machine: it says all at once what a person must change, and installs what it can install itself.
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

// Prepare makes the machine fit for a cluster, or says in one sentence each everything that keeps it from being so. It changes
// nothing before all else is in order, and then only installs the Debian packages that are missing.
func Prepare(ctx context.Context, log func(format string, args ...any)) error {
	if runtime.GOOS != "linux" {
		return fmt.Errorf("this is %s: a cluster needs Linux, so run this in a Linux machine", runtime.GOOS)
	}
	missing, goErr := missing(ctx)
	wanted := debianPackages()
	if binaries.BuildsRuntime() {
		wanted = append(wanted, runcPackages()...)
	}
	return prepare(ctx, wanted, log, checkRoot(os.Geteuid()), goErr, checkSpace(ctx, missing))
}

// PrepareToOpen is Prepare for a cluster that runs already: nothing is built for it.
func PrepareToOpen(ctx context.Context, log func(format string, args ...any)) error {
	return prepare(ctx, debianPackages(), log, checkRoot(os.Geteuid()))
}

// missing is the space for what has to be built, which only a Go that is new enough can tell: others complain about go.mod.
func missing(ctx context.Context) (binaries.Space, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return binaries.Space{}, errors.New("there is no go on the PATH (sudo replaces the PATH): install Go, or call this with a PATH that has it")
	}
	space, err := binaries.Missing(ctx)
	if err != nil {
		return space, fmt.Errorf("go does not work here: %w", err)
	}
	return space, nil
}

func checkRoot(uid int) error {
	if uid == 0 {
		return nil
	}
	return errors.New("you are not root: a cluster needs namespaces, mounts and cgroups, so run this as root (sudo)")
}

// checkPackages complains only about what could not be installed here.
func checkPackages(missing []string, exists func(path string) bool) error {
	if len(missing) == 0 || exists("/usr/bin/apt-get") {
		return nil
	}
	return fmt.Errorf("there is no apt-get to install %s: run this on Debian or Ubuntu", strings.Join(missing, ", "))
}
