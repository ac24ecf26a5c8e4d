package binaries

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestASingleProgramIsNamedAfterItsDirectory(t *testing.T) {
	p, err := modules()[0].plan("../..")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.programs(); !slices.Equal(got, []string{"etcd"}) || p.output("/x") != "/x/etcd" {
		t.Errorf("programs %v, output %s", got, p.output("/x"))
	}
}

func TestCertManagerIsBuiltFromTheModuleThatHasItsCRDs(t *testing.T) {
	p, err := certManager().plan("../..")
	if err != nil {
		t.Fatal(err)
	}
	if got := p.programs(); !slices.Equal(got, []string{"certmanager"}) || !strings.HasPrefix(p.version, "v1.") {
		t.Errorf("version %s, programs %v", p.version, got)
	}
	useEmptyModuleCache(t)
	dir := t.TempDir()
	if err := p.copyFiles(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "crds", "cert-manager.io_certificates.yaml")); err != nil {
		t.Error(err)
	}
}

// useEmptyModuleCache has Go find every module in the cache that was, or download it, as on a new machine.
func useEmptyModuleCache(t *testing.T) {
	t.Helper()
	settings, err := run(t.Context(), "", nil, "env", "GOMODCACHE", "GOPROXY", "GOFLAGS")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitN(settings+"\n", "\n", 3)
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOPROXY", "file://"+lines[0]+"/cache/download,"+lines[1])
	t.Setenv("GOFLAGS", strings.TrimSpace(lines[2])+" -modcacherw") // or the directory could not be removed
}

func TestWhateverGoesIntoABuildChangesItsKey(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := plan{module: module{name: "minio", title: "MinIO", stamp: stampNothing}, dir: dir, version: "v1.2.3+incompatible"}
	seen := map[string]string{}
	add := func(change, goVersion string) {
		key, err := p.key(goVersion)
		if err != nil {
			t.Fatal(err)
		}
		if earlier, ok := seen[key]; ok {
			t.Errorf("%s and %s have the same key %s", earlier, change, key)
		}
		seen[key] = change
	}
	write("go.mod", "module a")
	write("go.sum", "a")
	add("nothing", "go1")
	write("go.sum", "b")
	add("a checksum", "go1")
	write("go.mod", "module b")
	add("a requirement", "go1")
	add("a compiler", "go2")
	write("main.go", "package main")
	add("a source", "go2")
	p.stamp = func(string) string { return " -X a=b" }
	add("a flag", "go2")
	for key := range seen {
		if !strings.HasPrefix(key, "minio-v1.2.3-incompatible-") {
			t.Errorf("key %s does not say what it is", key)
		}
	}
}
