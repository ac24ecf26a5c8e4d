package binaries

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"

	"golang.org/x/mod/modfile"
	xmodule "golang.org/x/mod/module"
)

// module is a Go module of ours that only pins programs of others.
type module struct {
	// name is what a build of it begins with, and dir its directory; without dir, the directory is called as the build.
	name, dir string
	// product is the module whose version the programs have, with or without its major version, and title what a person calls it.
	product string
	title   string
	// cold is how long a build takes on a machine with two cores and an empty build cache.
	cold string
	// space is what that writes; stated for what clusters are made of, since nothing is built for them before it is known to fit.
	space Space
	// stamp returns linker flags that tell the programs their version.
	stamp func(version string) string
	// tags are build tags, and cgo says that the programs need the C compiler. May be empty.
	tags string
	cgo  bool
	// files is a directory of the product's module that is copied beside the programs, under its own last name. May be empty.
	files string
}

// modules are what a cluster needs besides Kubernetes.
func modules() []module {
	return []module{
		{name: "etcd", product: "go.etcd.io/etcd/server/v3", title: "etcd", cold: "1 minute", space: Space{Sources: 200, Objects: 350}, stamp: stampNothing},
		{name: "minio", product: "github.com/minio/minio", title: "MinIO", cold: "3 minutes", space: Space{Sources: 1200, Objects: 1000}, stamp: stampNothing},
	}
}

// plans are all that a cluster needs, Kubernetes first.
func plans(root string) ([]plan, error) {
	first, err := chosenKubernetes(root)
	if err != nil {
		return nil, err
	}
	all := []plan{first}
	for _, m := range modules() {
		p, err := m.plan(root)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	runtime, err := runtimePlans(root, os.Getenv(containerd().variable))
	return append(all, runtime...), err
}

func stampNothing(string) string { return "" }

// plan is what a module's go.mod says must be built.
type plan struct {
	module
	dir      string
	version  string
	packages []string
}

func (m module) plan(root string) (plan, error) {
	dir := filepath.Join(root, "machine", "binaries", cmp.Or(m.dir, m.name))
	file := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(file)
	if err != nil {
		return plan{}, fmt.Errorf("find out which %s to build: %w", m.title, err)
	}
	parsed, err := modfile.Parse(file, text, nil)
	if err != nil {
		return plan{}, fmt.Errorf("find out which %s to build: %w", m.title, err)
	}
	p := plan{module: m, dir: dir}
	for _, require := range parsed.Require {
		if family, _, _ := xmodule.SplitPathVersion(require.Mod.Path); require.Mod.Path == m.product || family == m.product {
			p.version = require.Mod.Version
		}
	}
	for _, tool := range parsed.Tool {
		p.packages = append(p.packages, tool.Path)
	}
	if p.version == "" || len(p.packages) == 0 {
		return plan{}, fmt.Errorf("%s does not require %s, or has no tool lines", file, m.product)
	}
	return p, nil
}

func (p plan) flags() []string {
	flags := []string{"-trimpath", "-ldflags=-s -w" + p.stamp(p.version)}
	if p.tags != "" {
		flags = append(flags, "-tags="+p.tags)
	}
	return flags
}

// output is the -o of go build. A single program is named after our directory, because etcd's package is called `server`.
func (p plan) output(dir string) string {
	if len(p.packages) == 1 {
		return filepath.Join(dir, p.name)
	}
	return dir + string(filepath.Separator)
}

// programs are the files that a build leaves.
func (p plan) programs() []string {
	if len(p.packages) == 1 {
		return []string{p.name}
	}
	names := make([]string, len(p.packages))
	for i, pkg := range p.packages {
		names[i] = path.Base(pkg)
	}
	return names
}

// key names the directory of a build by everything that goes into it: another version, flag or compiler is another directory.
func (p plan) key(goVersion string) (string, error) {
	hash := sha256.New()
	sources, err := filepath.Glob(filepath.Join(p.dir, "*.go"))
	if err != nil {
		return "", fmt.Errorf("find the sources of %s: %w", p.title, err)
	}
	for i, source := range sources {
		sources[i] = filepath.Base(source)
	}
	for _, name := range append([]string{"go.mod", "go.sum"}, sources...) {
		file, err := os.Open(filepath.Join(p.dir, name))
		if err != nil {
			return "", fmt.Errorf("find out which %s to build: %w", p.title, err)
		}
		_, err = io.Copy(hash, file)
		_ = file.Close() // only read from
		if err != nil {
			return "", fmt.Errorf("read %s: %w", name, err)
		}
	}
	// Its Write never fails.
	_, _ = fmt.Fprintln(hash, p.flags(), goVersion)
	version := regexp.MustCompile(`[^\w.-]+`).ReplaceAllString(p.version, "-")
	return fmt.Sprintf("%s-%s-%.6x", p.name, version, hash.Sum(nil)), nil
}
