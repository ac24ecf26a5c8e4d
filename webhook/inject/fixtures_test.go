package inject_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

var update = flag.Bool("update", false, "write what the fixtures expect from what the code does; read the difference before you commit it")

// Each fixture is a whole case: a sentence, the admission, the pod that comes in, and what must come out.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSpace(string(archive.Comment)), func(t *testing.T) {
			got := admit(t, read(t, archive, "admission.yaml"), read(t, archive, "pod.yaml"))
			if *update {
				write(t, file, archive, got)
				return
			}
			for name, want := range got {
				if have := string(read(t, archive, name)); have != want {
					t.Errorf("%s: %s is not as expected; got\n%s", file, name, want)
				}
			}
			if len(archive.Files) != 2+len(got) {
				t.Errorf("%s has parts that nothing checks", file)
			}
		})
	}
}

// subjectOf is the subject of a fixture's admission.yaml.
func subjectOf(t *testing.T, admission []byte, pod *corev1.Pod) inject.Subject {
	t.Helper()
	var given struct {
		Namespace string             `json:"namespace"`
		Mode      string             `json:"mode"`
		Identity  *contract.Identity `json:"identity"`
	}
	if err := yaml.UnmarshalStrict(admission, &given); err != nil {
		t.Fatal(err)
	}
	subject := inject.Subject{Pod: pod, Namespace: given.Namespace, Mode: given.Mode, Token: "FRESHTOKENFRESHTOKENFRESHTOKEN"}
	if given.Identity != nil {
		subject.Identity, subject.Associated = *given.Identity, true
	}
	return subject
}

// settings of every fixture: an installation with a region, whose other settings are the defaults.
func settings() inject.Settings {
	s := inject.DefaultSettings()
	s.Image = "podidentity/sidecar:v1"
	s.Region = "eu-central-1"
	return s
}

// admit returns the parts of a fixture that the code decides. It also injects twice: the second pass must find nothing
// to do.
func admit(t *testing.T, admission, podYAML []byte) map[string]string {
	t.Helper()
	raw, err := yaml.YAMLToJSON(podYAML)
	if err != nil {
		t.Fatal(err)
	}
	admitted, warnings, _ := pass(t, admission, raw)
	again, _, operations := pass(t, admission, admitted)
	if operations != 0 || !bytes.Equal(again, admitted) {
		t.Errorf("a second pass changed the pod by %d operations:\n%s", operations, again)
	}
	text, err := yaml.JSONToYAML(admitted)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, warning := range warnings {
		lines.WriteString(warning + "\n")
	}
	return map[string]string{"admitted.yaml": string(text), "warnings.txt": lines.String()}
}

// pass sends a pod through one admission and returns it as the API server would have it then.
func pass(t *testing.T, admission, raw []byte) (admitted []byte, warnings []string, operations int) {
	t.Helper()
	var pod corev1.Pod
	if err := json.Unmarshal(raw, &pod); err != nil {
		t.Fatal(err)
	}
	subject := subjectOf(t, admission, &pod)
	verdict := inject.Judge(subject, settings())
	warnings = verdict.Warnings
	list := inject.Pod(subject, verdict, settings())
	for _, operation := range list {
		if operation.Operation != "add" && operation.Operation != "replace" {
			t.Errorf("operation %s: only add and replace keep what is not ours", operation.Json())
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return raw, warnings, 0
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		t.Fatal(err)
	}
	admitted, err = patch.Apply(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return admitted, warnings, len(list)
}

func read(t *testing.T, archive *txtar.Archive, name string) []byte {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		if *update {
			return nil
		}
		t.Fatalf("the fixture has no %s", name)
	}
	return archive.Files[i].Data
}

func write(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	archive.Files = archive.Files[:2]
	for _, name := range []string{"admitted.yaml", "warnings.txt"} {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
