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

// randomPods has the tests of webhook/inject write their random pods, sends all of them to the real API server in a namespace without
// label, and those that it takes once more in one with it: it must take each of these again. The same under a LimitRange and a quota.
func randomPods(t *testing.T, s suite) {
	all := t.TempDir()
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
	s.namespaces(t, "random", "random-injected", "random-bounded", "random-bounded-injected")
	s.ApplyTemplate(t, "bounded.yaml", []string{"random-bounded", "random-bounded-injected"})
	s.Do(t, "label", "namespace", "random-injected", "random-bounded-injected", "podidentity.dev/inject=enabled")
	for _, namespace := range []string{"random", "random-bounded"} {
		taken := s.taken(t, namespace, all)
		if len(taken) < 50 {
			t.Fatalf("the API server takes only %d of %d pods uninjected: this test proves little", len(taken), files)
		}
		s.Do(t, sending(namespace+"-injected", linked(t, all, taken))...)
		t.Logf("in the namespace %s %d of %d random pods were taken uninjected, and all of these injected", namespace, len(taken), files)
	}
}

// taken are the pods of a directory that the API server takes in a namespace. It refuses most, for what they are: that is no error of the
// test.
func (s suite) taken(t *testing.T, namespace, dir string) []string {
	t.Helper()
	list, _ := s.Cluster.Kubectl(t.Context(), nil, sending(namespace, dir)...)
	return strings.Fields(list)
}

// linked is a directory with some pods of another one.
func linked(t *testing.T, all string, pods []string) string {
	t.Helper()
	dir := t.TempDir()
	for _, pod := range pods {
		file := strings.TrimPrefix(pod, "pod/") + ".json"
		if err := os.Link(filepath.Join(all, file), filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
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
