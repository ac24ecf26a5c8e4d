package injection_test

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/podidentity/podidentity/e2e/platform"
)

// fixtures sends the pods of the fixtures of webhook/inject to the real API server, in a namespace without label and in
// one with it. Fields that a fixture has made up are dropped by the API server in both.
func fixtures(t *testing.T, s suite) {
	root, err := platform.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "webhook", "inject", "testdata", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	s.Do(t, "create", "namespace", "fixtures")
	s.Do(t, "label", "namespace", "fixtures", "podidentity.dev/inject=enabled")
	taken := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input := part(t, archive, "pod.yaml")
		if s.dryRun(t, "plain", input) != nil {
			continue
		}
		taken++
		if err := s.dryRun(t, "fixtures", input); err != nil {
			t.Errorf("%s (%s): %v", filepath.Base(file), strings.TrimSpace(string(archive.Comment)), err)
		}
	}
	if taken < len(files)/2 {
		t.Errorf("the API server takes only %d of %d pods uninjected: this test proves little", taken, len(files))
	}
	t.Logf("%d of %d pods were taken uninjected, and injected as well", taken, len(files))
}

// dryRun has the API server admit a pod without keeping it.
func (s suite) dryRun(t *testing.T, namespace, pod string) error {
	t.Helper()
	_, err := s.Cluster.Kubectl(t.Context(), strings.NewReader(pod), "create", "--dry-run=server", "--validate=ignore", "--namespace", namespace, "-f", "-")
	return err
}

// part is a file of an archive, with every service account named default, which each namespace has.
func part(t *testing.T, archive *txtar.Archive, name string) string {
	t.Helper()
	for _, file := range archive.Files {
		if file.Name != name {
			continue
		}
		var text strings.Builder
		for line := range strings.Lines(string(file.Data)) {
			if !strings.Contains(line, "serviceAccountName:") {
				text.WriteString(line)
			}
		}
		return text.String()
	}
	t.Fatalf("the fixture has no %s", name)
	return ""
}

// tokenMode compares the mode of the token of the Kubernetes API in a pod whose containers share one user, injected and not.
func tokenMode(t *testing.T, s suite) {
	modes := map[string]string{}
	for _, name := range []string{"mode-injected", "mode-plain"} {
		annotations := map[string]string{"mode-injected": "", "mode-plain": `{podidentity.dev/inject: "false"}`}[name]
		s.ApplyTemplate(t, "shared-user.yaml", pod{Name: name, Annotations: annotations, Image: s.CLIImage})
		s.Do(t, "wait", "--namespace=restricted", "--for=condition=Ready", "pod/"+name, "--timeout=2m")
		modes[name] = s.Do(t, "exec", "--namespace=restricted", name, "--container=app", "--", "stat", "-L", "-c", "%a %u", "/var/run/secrets/kubernetes.io/serviceaccount/token")
		s.Do(t, "delete", "pod", "--namespace=restricted", name, "--now", "--wait=false")
	}
	if modes["mode-injected"] != modes["mode-plain"] || !strings.HasPrefix(modes["mode-plain"], "600 ") {
		t.Errorf("the token's mode and owner: %v", modes)
	}
}
