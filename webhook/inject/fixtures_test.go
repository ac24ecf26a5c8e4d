package inject_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

var update = flag.Bool("update", false, "rewrite what the fixtures expect; review the diff before you commit it")

// The parts of a fixture. Settings are those that differ from defaultSettings; before is the old pod, where ephemeral
// containers are added to one. The last two are what the code decides.
const (
	partAdmission = "admission.yaml"
	partSettings  = "settings.yaml"
	partBefore    = "before.yaml"
	partPod       = "pod.yaml"
	partAdmitted  = "admitted.yaml"
	partWarnings  = "warnings.txt"
)

// fixture is a whole test case: a sentence, the admission, the pod that comes in, and what must come out.
type fixture struct {
	file     string
	archive  *txtar.Archive
	input    inject.Input // without its pod
	settings inject.Settings
	before   *corev1.Pod
	pod      []byte // JSON
}

// In each fixture the pod is admitted as expected, a second pass changes nothing, and what is not ours stays as it is.
func TestFixtures(t *testing.T) {
	for sentence, f := range fixtures(t) {
		t.Run(sentence, func(t *testing.T) {
			admitted, warnings := f.admit(t)
			text, err := yaml.JSONToYAML(admitted)
			if err != nil {
				t.Fatal(err)
			}
			got := []txtar.File{{Name: partAdmitted, Data: text}, {Name: partWarnings, Data: []byte(lines(warnings))}}
			if *update {
				f.write(t, got)
				return
			}
			for _, part := range got {
				if have := f.part(part.Name); string(have) != string(part.Data) {
					t.Errorf("%s: %s is not as expected; got\n%s", f.file, part.Name, part.Data)
				}
			}
		})
	}
}

// admit returns the pod and the warnings after one pass, and checks that a second pass changes nothing.
func (f fixture) admit(t *testing.T) (admitted []byte, warnings []string) {
	t.Helper()
	admitted, warnings, _ = pass(t, f.input, f.before, f.pod, f.settings)
	unchanged(t, f.pod, admitted)
	// Every admission has a fresh token.
	f.input.Token = "SECONDTOKENSECONDTOKENSECOND"
	second, _, operations := pass(t, f.input, f.before, admitted, f.settings)
	if operations != 0 {
		t.Errorf("a second pass changed the pod by %d operations:\n%s", operations, second)
	}
	return admitted, warnings
}

// fixtures reads all of them, by sentence.
func fixtures(t testing.TB) map[string]fixture {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	all := map[string]fixture{}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sentence := strings.TrimSpace(string(archive.Comment))
		if other, twice := all[sentence]; twice {
			t.Fatalf("%s and %s have the same sentence", file, other.file)
		}
		all[sentence] = parse(t, file, archive)
	}
	return all
}

func parse(t testing.TB, file string, archive *txtar.Archive) fixture {
	t.Helper()
	f := fixture{file: file, archive: archive, settings: defaultSettings()}
	known := []string{partAdmission, partSettings, partBefore, partPod, partAdmitted, partWarnings}
	for _, part := range archive.Files {
		if !slices.Contains(known, part.Name) {
			t.Fatalf("%s has a part %s that nothing reads", file, part.Name)
		}
	}
	var given struct {
		Namespace   string                  `json:"namespace"`
		Mode        string                  `json:"mode"`
		Identity    contract.Identities     `json:"identity"`
		TagLabels   string                  `json:"tagLabels"`
		AuthCA      string                  `json:"authCA"`
		LimitRanges []corev1.LimitRangeItem `json:"limitRanges"`
		Quotas      []corev1.ResourceName   `json:"quotas"`
	}
	decode(t, file, f.part(partAdmission), &given)
	f.input = inject.Input{Namespace: given.Namespace, Mode: given.Mode, AuthCA: given.AuthCA, Token: "FIRSTTOKENFIRSTTOKENFIRSTT"}
	f.input.Rules = inject.Rules{LimitRanges: given.LimitRanges, Quotas: given.Quotas}
	f.input.Identities = given.Identity
	f.input.Identities.TagLabels = given.TagLabels
	decode(t, file, f.part(partSettings), &f.settings)
	if before := f.part(partBefore); before != nil {
		f.before = new(corev1.Pod)
		decode(t, file, before, f.before)
	}
	pod, err := yaml.YAMLToJSONStrict(f.part(partPod))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	f.pod = pod
	return f
}

// defaultSettings are the defaults, with an image and a region.
func defaultSettings() inject.Settings {
	s := inject.DefaultSettings()
	s.Image = "podidentity/sidecar:v1"
	s.Region = "eu-central-1"
	return s
}

func decode(t testing.TB, file string, text []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// part is nil where the fixture has none of that name.
func (f fixture) part(name string) []byte {
	if i := slices.IndexFunc(f.archive.Files, func(part txtar.File) bool { return part.Name == name }); i >= 0 {
		return f.archive.Files[i].Data
	}
	return nil
}

func (f fixture) write(t *testing.T, got []txtar.File) {
	t.Helper()
	f.archive.Files = slices.DeleteFunc(f.archive.Files, func(part txtar.File) bool {
		return part.Name == partAdmitted || part.Name == partWarnings
	})
	f.archive.Files = append(f.archive.Files, got...)
	if err := os.WriteFile(f.file, txtar.Format(f.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func lines(warnings []string) string {
	var b strings.Builder
	for _, warning := range warnings {
		b.WriteString(warning + "\n")
	}
	return b.String()
}
