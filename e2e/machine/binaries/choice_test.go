package binaries

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

func TestTheEnvironmentChoosesTheVersionOfKubernetes(t *testing.T) {
	versions, err := KubernetesVersions("../..")
	if err != nil {
		t.Fatal(err)
	}
	oldest, newest := versions[0], versions[len(versions)-1]
	for wanted, want := range map[string]string{
		"":                                      newest,
		oldest:                                  oldest,
		oldest[:strings.LastIndex(oldest, ".")]: oldest,
		newest:                                  newest,
	} {
		t.Setenv("KUBERNETES", wanted)
		if p, err := chosenKubernetes("../.."); err != nil || p.version != want {
			t.Errorf("for %q it is %s, %v; want %s", wanted, p.version, err, want)
		}
	}
	t.Setenv("KUBERNETES", "v1.3")
	if _, err := chosenKubernetes("../.."); err == nil || !strings.Contains(err.Error(), "v1.3,") || !strings.Contains(err.Error(), oldest) {
		t.Errorf("for a version that nothing pins: %v", err)
	}
}

func TestContainerdAndRuncAreBuiltOnlyWhereTheEnvironmentAsksForThem(t *testing.T) {
	versions, err := ContainerdVersions("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONTAINERD", "")
	if all, err := plans("../.."); err != nil || all[len(all)-1].name != "minio" || BuildsRuntime() {
		t.Errorf("without a version: %v, %v", all, err)
	}
	for _, version := range versions {
		t.Setenv("CONTAINERD", version[:strings.LastIndex(version, ".")])
		all, err := plans("../..")
		if err != nil {
			t.Fatal(err)
		}
		both := all[len(all)-2:]
		if both[0].version != version || !slices.Equal(both[0].programs(), []string{"containerd", "containerd-shim-runc-v2", "ctr"}) {
			t.Errorf("containerd is %s, of the programs %v; want %s", both[0].version, both[0].programs(), version)
		}
		if !slices.Equal(both[1].programs(), []string{"runc"}) || !slices.Contains(both[1].flags(), "-tags=seccomp") {
			t.Errorf("runc is of the programs %v, by the flags %v", both[1].programs(), both[1].flags())
		}
	}
	t.Setenv("CONTAINERD", "v9")
	if _, err := plans("../.."); err == nil || !strings.Contains(err.Error(), "CONTAINERD is v9, ") || !strings.Contains(err.Error(), versions[0]) {
		t.Errorf("for a version that nothing pins: %v", err)
	}
}

func TestProgramsOfTheMachineAreFoundByThePath(t *testing.T) {
	if path := (Runtime{}).Program("ctr"); path != "ctr" {
		t.Errorf("without directories it is %s", path)
	}
	built := Runtime{Containerd: "/cache/containerd", Runc: "/cache/runc"}
	if ctr, runc := built.Program("ctr"), built.Program("runc"); ctr != "/cache/containerd/ctr" || runc != "/cache/runc/runc" {
		t.Errorf("of directories they are %s and %s", ctr, runc)
	}
}

func TestOnlyWhatTheCacheDoesNotHoldNeedsSpace(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("KUBERNETES", "")
	t.Setenv("CONTAINERD", "v2.4")
	all, err := plans("../..")
	if err != nil {
		t.Fatal(err)
	}
	var want Space
	for _, p := range all {
		if p.space.Sources == 0 || p.space.Objects == 0 {
			t.Errorf("the space for %s is %+v", p.title, p.space)
		}
		want.Sources += p.space.Sources
		want.Objects += p.space.Objects
	}
	for _, p := range all {
		if got, err := Missing(t.Context()); err != nil || got != want {
			t.Fatalf("before %s is built it is %+v, %v; want %+v", p.title, got, err, want)
		}
		entry, err := p.entry(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(cache.Dir(), entry.Name), 0o750); err != nil {
			t.Fatal(err)
		}
		want.Sources -= p.space.Sources
		want.Objects -= p.space.Objects
	}
	if got, err := Missing(t.Context()); err != nil || got != (Space{}) {
		t.Errorf("when all is built it is %+v, %v", got, err)
	}
}
