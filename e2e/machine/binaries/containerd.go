package binaries

import (
	"context"
	"os"
	"path/filepath"
)

// containerd is containerd in all pinned versions.
func containerd() choice {
	return choice{variable: "CONTAINERD", module: module{
		name: "containerd", product: "github.com/containerd/containerd", title: "containerd", cold: "2 minutes", space: Space{Sources: 600, Objects: 650}, stamp: stampNothing,
	}}
}

// runc is for whatever containerd is built here. With seccomp, because a container whose profile is RuntimeDefault does not start without.
func runc() module {
	return module{
		name: "runc", product: "github.com/opencontainers/runc", title: "runc", cold: "1 minute", space: Space{Sources: 50, Objects: 130}, stamp: stampNothing, tags: "seccomp", cgo: true,
	}
}

// ContainerdVersions are the versions that can be built, the oldest first.
func ContainerdVersions(root string) ([]string, error) { return containerd().versions(root) }

// BuildsRuntime reports whether the environment asks for another container runtime than the machine's, by the variable CONTAINERD. Then
// Build needs what runc is built with.
func BuildsRuntime() bool { return os.Getenv(containerd().variable) != "" }

// runtimePlans are containerd in a version, and runc; without a version, none.
func runtimePlans(root, version string) ([]plan, error) {
	if version == "" {
		return nil, nil
	}
	all, err := containerd().all(root)
	if err != nil {
		return nil, err
	}
	first, err := containerd().chosen(all, version)
	if err != nil {
		return nil, err
	}
	second, err := runc().plan(root)
	return []plan{first, second}, err
}

// Runtime is a container runtime: the directories of containerd and of runc, and the version of containerd. Without them it is the
// machine's, by the PATH.
type Runtime struct{ Containerd, Runc, Version string }

// BuildRuntime returns containerd in a version, and runc, built if the cache does not hold them; without a version, those of the machine.
func BuildRuntime(ctx context.Context, version string, log func(format string, args ...any)) (Runtime, error) {
	root, err := moduleDir(ctx)
	if err != nil {
		return Runtime{}, err
	}
	all, err := runtimePlans(root, version)
	if err != nil {
		return Runtime{}, err
	}
	built, err := buildAll(ctx, all, log)
	return runtimeOf(built), err
}

func runtimeOf(built map[string]build) Runtime {
	return Runtime{Containerd: built["containerd"].dir, Runc: built["runc"].dir, Version: built["containerd"].version}
}

// Program is the path of a program of it: runc, containerd, or another that comes with containerd.
func (r Runtime) Program(name string) string {
	if name == "runc" {
		return filepath.Join(r.Runc, name)
	}
	return filepath.Join(r.Containerd, name)
}
