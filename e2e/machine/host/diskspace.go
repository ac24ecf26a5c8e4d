package host

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// What is written where besides builds, as measured, and somewhat more.
const (
	megabyte     = 1 << 20
	gigabyte     = 1 << 30
	clusterSpace = 1 * gigabyte
	cacheSpace   = 1 * gigabyte
)

// need is space that must be free in a directory.
type need struct {
	dir    string
	bytes  uint64
	remedy string
}

// checkSpace complains about each file system with too little space for all that goes onto it.
func checkSpace(ctx context.Context, missing binaries.Space) error {
	const moveCache = "free some there, or set XDG_CACHE_HOME to a directory with more"
	needs := []need{
		{cluster.Root, clusterSpace, "free some there"},
		{cache.Dir(), cacheSpace, moveCache},
	}
	if missing != (binaries.Space{}) {
		modules, objects, err := goDirs(ctx)
		if err != nil {
			return err
		}
		needs = append(needs,
			need{cache.Dir(), missing.Objects * megabyte, moveCache},
			need{modules, missing.Sources * megabyte, "free some there, or set GOMODCACHE to a directory with more"},
			need{objects, missing.Objects * megabyte, "free some there, or set GOCACHE to a directory with more"},
		)
	}
	return complain(needs, free)
}

// goDirs returns Go's caches of modules and of builds.
func goDirs(ctx context.Context) (modules, objects string, err error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE", "GOCACHE").Output()
	if err != nil {
		return "", "", fmt.Errorf("ask go for its directories: %w", err)
	}
	dirs := strings.Fields(string(out))
	if len(dirs) != 2 {
		return "", "", fmt.Errorf("ask go for its directories: it says %q", out)
	}
	return dirs[0], dirs[1], nil
}

// complain adds up what goes onto the same file system and compares it with what is free there.
func complain(needs []need, free func(dir string) (device, bytes uint64, err error)) error {
	var complaints []error
	wanted := map[uint64]uint64{}
	available := map[uint64]uint64{}
	byDevice := map[uint64][]need{}
	var order []uint64
	for _, n := range needs {
		device, bytes, err := free(n.dir)
		if err != nil {
			complaints = append(complaints, fmt.Errorf("measure the free space for %s: %w", n.dir, err))
			continue
		}
		if wanted[device] == 0 {
			order = append(order, device)
		}
		wanted[device] += n.bytes
		available[device] = bytes
		byDevice[device] = append(byDevice[device], n)
	}
	for _, device := range order {
		if available[device] >= wanted[device] {
			continue
		}
		var dirs []string
		for _, n := range byDevice[device] {
			if !slices.Contains(dirs, n.dir) {
				dirs = append(dirs, n.dir)
			}
		}
		complaints = append(complaints, fmt.Errorf("%s needs %.2f GB of free space and has %.2f: %s", strings.Join(dirs, " with "),
			float64(wanted[device])/gigabyte, float64(available[device])/gigabyte, byDevice[device][len(byDevice[device])-1].remedy))
	}
	return errors.Join(complaints...)
}

// free measures the file system that a directory is on, or will be.
func free(dir string) (device, bytes uint64, err error) {
	for !exists(dir) && dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
	}
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return 0, 0, err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	return stat.Dev, fs.Bavail * uint64(fs.Bsize), nil
}
