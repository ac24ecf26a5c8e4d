package injection_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// randomPods has the tests of webhook/inject write their random pods, sends all of them to the real API server in a
// namespace without label, and those that it takes once more in one with it: it must take each of these again.
func randomPods(t *testing.T, s suite) {
	all, taken := t.TempDir(), t.TempDir()
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	write := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run=^TestEveryPodKeepsTheInvariants$", "./webhook/inject", "-pods="+all)
	write.Dir = root
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := name(t, all)
	for _, namespace := range []string{"random", "random-injected"} {
		s.Do(t, "create", "namespace", namespace)
		s.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	}
	s.Do(t, "label", "namespace", "random-injected", "podidentity.dev/inject=enabled")
	// Most pods are refused, for what they are: that is no error of this test.
	list, _ := s.Cluster.Kubectl(t.Context(), nil, sending("random", all)...)
	names := strings.Fields(list)
	if len(names) < 50 {
		t.Fatalf("the API server takes only %d of %d pods uninjected: this test proves little", len(names), files)
	}
	for _, pod := range names {
		file := strings.TrimPrefix(pod, "pod/") + ".json"
		if err := os.Rename(filepath.Join(all, file), filepath.Join(taken, file)); err != nil {
			t.Fatal(err)
		}
	}
	s.Do(t, sending("random-injected", taken)...)
	t.Logf("%d of %d random pods were taken uninjected, and all of these injected", len(names), files)
}

func sending(namespace, dir string) []string {
	return []string{"create", "--dry-run=server", "--validate=ignore", "--namespace=" + namespace, "--output=name", "--filename=" + dir}
}

// name gives each pod of a directory a name by which its file is found again, and returns how many there are.
func name(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pod map[string]any
		if err := json.Unmarshal(text, &pod); err != nil {
			t.Fatal(err)
		}
		metadata, ok := pod["metadata"].(map[string]any)
		if !ok {
			metadata = map[string]any{}
		}
		seed := "seed-" + strings.TrimSuffix(filepath.Base(file), ".json")
		metadata["name"], pod["metadata"] = seed, metadata
		if text, err = json.Marshal(pod); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(seed, ".json")), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	return len(files)
}
