package cluster_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/images"
)

const testAppImage = "localhost/podidentity/test-app:e2e"

func programs(t *testing.T) binaries.Set {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a cluster needs root: run the tests with sudo")
	}
	set, err := binaries.Build(t.Context(), t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func start(t *testing.T, name string, set binaries.Set) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Config{Name: name, Binaries: set, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testApp(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := binaries.Static(t.Context(), filepath.Join(dir, "app"), "cluster/testdata/app"); err != nil {
		t.Fatal(err)
	}
	dockerfile, archive := filepath.Join(dir, "Dockerfile"), filepath.Join(dir, "app.tar")
	if err := os.WriteFile(dockerfile, []byte("FROM scratch\nCOPY app /app\nENTRYPOINT [\"/app\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := images.Build(t.Context(), images.Image{Dockerfile: dockerfile, Context: dir, Tag: testAppImage}, archive); err != nil {
		t.Fatal(err)
	}
	return archive
}

func kubectl(t *testing.T, c *cluster.Cluster, args ...string) string {
	t.Helper()
	out, err := c.Kubectl(t.Context(), nil, args...)
	if err != nil {
		description, _ := c.Kubectl(t.Context(), nil, "describe", "pod", "--all-namespaces")
		t.Fatalf("%v\n%s", err, description)
	}
	return out
}

// traces is everything on the host by which a cluster could be noticed, a line each.
func traces(t *testing.T, name string) map[string]bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", `
		ls -d /var/lib/podidentity-e2e/$0 /run/netns/podidentity-$0 2>/dev/null
		find /sys/fs/cgroup -name "podidentity-$0"
		cut -d" " -f 5 /proc/self/mountinfo | grep -v podidentity-
		ls -d /run/* /run/containerd/* /var/lib/* /var/lib/cni/* /var/lib/kubelet/* /var/log/* /var/log/pods/* /var/log/containers/* \
			/opt/* /etc/* /usr/libexec/* /tmp/containerd* /tmp/buildah* ~/.kube
		grep -H . /proc/sys/vm/overcommit_memory /proc/sys/vm/panic_on_oom /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops
		ip -brief link; nft list ruleset
		pgrep -fa "podidentity-$0|/podidentity-e2e/$0" | grep -v pgrep`, name).CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	lines := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if line != "/var/lib/podidentity-e2e\n" { // there may be other clusters
			lines[line] = true
		}
	}
	return lines
}

func assertNothingNew(t *testing.T, before map[string]bool, name string) {
	t.Helper()
	for trace := range traces(t, name) {
		if !before[trace] {
			t.Errorf("left behind: %s", trace)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
