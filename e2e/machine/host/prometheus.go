package host

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// Prometheus returns the directory of prometheus and promtool, from Debian's package. That is unpacked and not installed: installed, it would
// start a server of this machine.
func Prometheus(ctx context.Context, log func(format string, args ...any)) (dir string, err error) {
	// Another release of the host has another package.
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("find out the host's release: %w", err)
	}
	dir, err = cache.Ensure(ctx, cache.Entry{
		Name: fmt.Sprintf("prometheus-%.6x", sha256.Sum256(release)), What: "unpacking the Debian package prometheus", Expected: "half a minute", Make: unpackPrometheus,
	}, log)
	return filepath.Join(dir, "usr", "bin"), err
}

func unpackPrometheus(ctx context.Context, dir string) error {
	if err := apt(ctx, "update"); err != nil {
		return err
	}
	// A file of the working directory, which apt's own user may not write to: it says so, and downloads as root.
	download := exec.CommandContext(ctx, "apt-get", "--quiet", "download", "prometheus")
	download.Dir = dir
	if out, err := download.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get download prometheus: %w: %s", err, out)
	}
	packages, err := filepath.Glob(filepath.Join(dir, "prometheus_*.deb"))
	if err != nil || len(packages) != 1 {
		return errors.Join(fmt.Errorf("apt-get download prometheus left the files %q", packages), err)
	}
	if out, err := exec.CommandContext(ctx, "dpkg-deb", "--extract", packages[0], dir).CombinedOutput(); err != nil {
		return fmt.Errorf("unpack %s: %w: %s", packages[0], err, out)
	}
	return os.Remove(packages[0])
}
