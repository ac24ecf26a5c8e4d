package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// debianPackage is a package and the files that make it needless if they are there already: Docker's own package of
// containerd, say, will do, and the two exclude each other.
type debianPackage struct {
	name  string
	files []string
}

func debianPackages() []debianPackage {
	return []debianPackage{
		{"containerd", []string{"containerd", "ctr", "containerd-shim-runc-v2"}},
		{"runc", []string{"runc"}},
		{"containernetworking-plugins", []string{"/usr/lib/cni/ptp", "/usr/lib/cni/host-local", "/usr/lib/cni/loopback"}},
		{"iproute2", []string{"ip"}},
		{"nftables", []string{"nft"}},
		{"buildah", []string{"buildah"}},
		// From Debian 13 on, buildah does nothing without it, though no image here needs a network to be made.
		{"netavark", []string{"/usr/lib/podman/netavark"}},
		{"mmdebstrap", []string{"mmdebstrap"}},
		// For Go's race detector.
		{"gcc", []string{"gcc"}},
		{"libc6-dev", []string{"/usr/include/stdlib.h"}},
		{"python3-pip", []string{"/usr/bin/python3", "/usr/lib/python3/dist-packages/pip"}},
	}
}

// Packages are the names of the Debian packages that Prepare installs where something of them is missing.
func Packages() []string { return missingOf(debianPackages(), func(string) bool { return false }) }

// sdkPackages are what AWS SDKs run on, beside Python. The package of Node's own makers brings both node and npm.
func sdkPackages() []debianPackage {
	return []debianPackage{
		{"nodejs", []string{"node"}},
		{"npm", []string{"npm"}},
		{"default-jdk-headless", []string{"java", "javac"}},
		{"maven", []string{"mvn"}},
		{"rclone", []string{"rclone"}},
		{"ruby-aws-sdk-s3", []string{"ruby", "/usr/lib/ruby/vendor_ruby/aws-sdk-s3.rb"}},
	}
}

// runcPackages are what runc is built with.
func runcPackages() []debianPackage {
	return []debianPackage{{"libseccomp-dev", []string{"/usr/include/seccomp.h"}}, {"pkg-config", []string{"pkg-config"}}}
}

// PrepareSDKs installs what the tests of SDKs need beyond what Prepare installs, and the demo does without.
func PrepareSDKs(ctx context.Context, log func(format string, args ...any)) error {
	return prepare(ctx, sdkPackages(), log)
}

// PrepareEmulator installs what runs programs for arm64. Without the recommended package, nothing but its callers uses it.
func PrepareEmulator(ctx context.Context, log func(format string, args ...any)) error {
	return prepare(ctx, []debianPackage{{"qemu-user", []string{"qemu-aarch64"}}}, log)
}

// prepare installs what is missing of the packages, unless there is something to complain about, here or by the caller.
func prepare(ctx context.Context, wanted []debianPackage, log func(format string, args ...any), complaints ...error) error {
	packages := missingOf(wanted, exists)
	err := errors.Join(append(complaints, checkPackages(packages, exists))...)
	if err != nil || len(packages) == 0 {
		return err
	}
	return install(ctx, packages, log)
}

// missingOf returns the packages of which a file is not there. A plain name is a program, wherever programs are.
func missingOf(packages []debianPackage, exists func(path string) bool) []string {
	var missing []string
	for _, pkg := range packages {
		for _, file := range pkg.files {
			if !found(file, exists) {
				missing = append(missing, pkg.name)
				break
			}
		}
	}
	return missing
}

func found(file string, exists func(path string) bool) bool {
	if filepath.IsAbs(file) {
		return exists(file)
	}
	for _, dir := range []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if exists(filepath.Join(dir, file)) {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// install installs packages, and removes none: rather than that, it fails.
func install(ctx context.Context, packages []string, log func(format string, args ...any)) error {
	what := "installing the Debian packages " + strings.Join(packages, ", ")
	log("%s", what)
	defer cache.Progress(log, what, "1 minute")()
	if err := apt(ctx, "update"); err != nil {
		return err
	}
	return apt(ctx, append([]string{"install", "--yes", "--no-install-recommends", "--no-remove"}, packages...)...)
}

func apt(ctx context.Context, args ...string) error {
	var output bytes.Buffer
	// A machine that has just started may be upgrading itself: wait for it.
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet", "--option=DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = &output, &output
	// Killed, it would leave packages half installed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("apt-get %s failed (%w); correct what it says and try again:\n%s", args[0], err, strings.TrimSpace(output.String()))
	}
	return nil
}
