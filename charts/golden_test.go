package charts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pmezard/go-difflib/difflib"
	"helm.sh/helm/v4/pkg/action"
)

// configurations are values that somebody may write, by the name of their file.
func configurations(t *testing.T) map[string]object {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "configurations", "*.yaml"))
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	all := map[string]object{}
	for _, file := range files {
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = valuesOf(t, file)
	}
	return all
}

// A golden file has what a configuration changes in what the chart renders by default, which TestTheChartRendersWhatTheManifestsAre
// compares with the manifests.
func TestEachConfigurationChangesWhatItIsMeantTo(t *testing.T) {
	before := inOrder(t, object{})
	for name, values := range configurations(t) {
		t.Run(name, func(t *testing.T) {
			got, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
				A: difflib.SplitLines(before), B: difflib.SplitLines(inOrder(t, values)), FromFile: "default", ToFile: name, Context: 3,
			})
			if err != nil {
				t.Fatal(err)
			}
			// Where a change stands, other changes of the manifests would move.
			got = regexp.MustCompile(`(?m)^@@ .* @@$`).ReplaceAllString(got, "@@")
			golden := filepath.Join("testdata", "golden", name+".diff")
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s\nIf that is right, run go test . -update in charts/", got, want)
			}
		})
	}
}

// inOrder is what the chart renders, with the fields of each object in an order that no template has a part in.
func inOrder(t *testing.T, values object) string {
	t.Helper()
	objects, err := render(t, "pod-identity", values)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, each := range objects {
		all = append(all, text(t, each))
	}
	slices.SortStableFunc(all, func(a, b string) int { return strings.Compare(title(a), title(b)) })
	return strings.Join(all, "---\n")
}

// title is the kind and the name of an object.
func title(yaml string) string {
	var kind, name string
	for line := range strings.Lines(yaml) {
		if after, found := strings.CutPrefix(line, "kind: "); found {
			kind = after
		}
		if after, found := strings.CutPrefix(line, "  name: "); found && name == "" {
			name = after
		}
	}
	return kind + name
}

func TestThePodsStartWithTheArgumentsOfEachConfiguration(t *testing.T) {
	for name, values := range configurations(t) {
		objects, err := render(t, "pod-identity", values)
		if err != nil {
			t.Fatal(err)
		}
		for _, each := range objects {
			if each["kind"] != "Deployment" {
				continue
			}
			p := webhook()
			if container(each)["name"] == "auth" {
				p = auth()
			}
			var arguments []string
			for _, argument := range container(each)["args"].([]any) {
				arguments = append(arguments, argument.(string))
			}
			if err := p.parse(arguments, os.Stderr); err != nil {
				t.Errorf("%s of %s ends: %v", each["metadata"].(object)["name"], name, err)
			}
		}
	}
}

func TestHelmFindsNoFaultInTheChart(t *testing.T) {
	lint := action.NewLint()
	lint.Strict, lint.Namespace = true, "pod-identity"
	for name, values := range configurations(t) {
		result := lint.Run([]string{chart}, values)
		for _, err := range result.Errors {
			t.Errorf("%s: %v", name, err)
		}
	}
}
