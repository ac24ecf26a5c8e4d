// Package binaries builds the programs of others that a cluster is made of, from source, once: what it has built stays in the
// user's cache directory until a version changes.
package binaries

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// modulePath is the path of the Go module that all of this belongs to.
const modulePath = "github.com/podidentity/podidentity/e2e"

// Set is the programs of others, each given by the directory that holds it.
type Set struct {
	// Kubernetes holds kube-apiserver, kube-controller-manager, kube-proxy, kube-scheduler, kubectl and kubelet.
	Kubernetes string
	// KubernetesVersion is its version, such as v1.30.14.
	KubernetesVersion string
	// Etcd holds etcd.
	Etcd string
	// MinIO holds minio.
	MinIO string
	// Runtime is the container runtime.
	Runtime Runtime
}

// Build returns all programs, building those that the cache does not hold. The environment variables KUBERNETES and CONTAINERD choose
// versions.
func Build(ctx context.Context, log func(format string, args ...any)) (Set, error) {
	root, err := moduleDir(ctx)
	if err != nil {
		return Set{}, err
	}
	all, err := plans(root)
	if err != nil {
		return Set{}, err
	}
	built, err := buildAll(ctx, all, log)
	if err != nil {
		return Set{}, err
	}
	return Set{
		Kubernetes: built["kubernetes"].dir, KubernetesVersion: built["kubernetes"].version, Etcd: built["etcd"].dir, MinIO: built["minio"].dir,
		Runtime: runtimeOf(built),
	}, nil
}

// build is the directory of programs, and their version.
type build struct{ dir, version string }

// buildAll returns builds by their names. One after the other: each uses every core.
func buildAll(ctx context.Context, all []plan, log func(format string, args ...any)) (map[string]build, error) {
	built := map[string]build{}
	for _, p := range all {
		dir, err := p.build(ctx, log)
		if err != nil {
			return nil, err
		}
		built[p.name] = build{dir, p.version}
	}
	return built, nil
}

// Static builds one of this module's own commands, small and without the C library, to a file.
func Static(ctx context.Context, file, pkg string) error {
	if _, err := run(ctx, "", nil, "build", "-trimpath", "-ldflags=-s -w", "-o", file, modulePath+"/"+pkg); err != nil {
		return fmt.Errorf("build %s: %w", pkg, err)
	}
	return nil
}

// Space is what a build with empty caches writes, in megabytes, as measured, and somewhat more.
type Space struct {
	// Sources go into Go's module cache, packed and unpacked.
	Sources uint64
	// Objects are what is compiled and linked. As much goes into Go's build cache as into ours, of which the programs stay.
	Objects uint64
}

// Missing returns what Build would write, for what the cache does not hold.
func Missing(ctx context.Context) (Space, error) {
	root, err := moduleDir(ctx)
	if err != nil {
		return Space{}, err
	}
	all, err := plans(root)
	if err != nil {
		return Space{}, err
	}
	var missing Space
	for _, p := range all {
		entry, err := p.entry(ctx)
		if err != nil {
			return Space{}, err
		}
		if !entry.Made() {
			missing.Sources += p.space.Sources
			missing.Objects += p.space.Objects
		}
	}
	return missing, nil
}

// build returns the directory of the programs, built if need be.
func (p plan) build(ctx context.Context, log func(format string, args ...any)) (string, error) {
	entry, err := p.entry(ctx)
	if err != nil {
		return "", err
	}
	return cache.Ensure(ctx, entry, log)
}

func (p plan) entry(ctx context.Context) (cache.Entry, error) {
	compiler, err := run(ctx, p.dir, nil, "env", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return cache.Entry{}, err
	}
	name, err := p.key(compiler)
	if err != nil {
		return cache.Entry{}, err
	}
	return cache.Entry{
		Name:     name,
		What:     fmt.Sprintf("building %s %s from source", p.title, p.version),
		Expected: p.cold,
		Make:     p.make,
	}, nil
}

func (p plan) make(ctx context.Context, dir string) error {
	// Go's temporary files are gigabytes, and the usual place for them may be in memory.
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o750); err != nil {
		return fmt.Errorf("create temporary directory: %w", err)
	}
	args := append([]string{"build", "-o", p.output(dir)}, p.flags()...)
	env := []string{"GOTMPDIR=" + temporary}
	if p.cgo {
		env = append(env, "CGO_ENABLED=1")
	}
	if _, err := run(ctx, p.dir, env, append(args, p.packages...)...); err != nil {
		return err
	}
	if err := os.RemoveAll(temporary); err != nil {
		return fmt.Errorf("remove temporary directory: %w", err)
	}
	for _, program := range p.programs() {
		if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
			return fmt.Errorf("go build has not made %s: %w", program, err)
		}
	}
	return p.copyFiles(ctx, dir)
}

// moduleDir finds the sources of this module. The compiler's memory of where they were cannot be trusted (-trimpath), and the
// modules below binaries/ cannot be embedded, being modules: ask Go, which is here anyway.
func moduleDir(ctx context.Context) (string, error) {
	dir, err := run(ctx, "", nil, "list", "-m", "-f", "{{.Dir}}", modulePath)
	if err != nil {
		return "", fmt.Errorf("find the directory of module %s (run this from the e2e directory of a checkout): %w", modulePath, err)
	}
	return dir, nil
}

// run runs the go command and returns what it printed.
func run(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off"), env...)
	if os.Getenv("HOME") == "" {
		cmd.Env = append(cmd.Env, "HOME=/root")
	}
	// Interrupted rather than killed, it takes its compilers with it and removes its temporary directory.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", errors.Join(context.Cause(ctx), err)
	}
	if err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}
