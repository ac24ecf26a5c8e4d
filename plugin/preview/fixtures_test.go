package preview_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/plugin"
)

var update = flag.Bool("update", false, "rewrite what the fixtures expect; review the diff before you commit it")

// results are the parts of a fixture that the command decides; the others are its arguments and its files.
func results() []string { return []string{"stdout", "stderr", "exit"} }

// Each fixture is a whole test case: a sentence, the arguments, the files, and what the command prints and returns. The file
// "stdin" is the standard input.
func TestFixtures(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, fixture := range fixtures {
		archive, err := txtar.ParseFile(fixture)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSpace(string(archive.Comment)), func(t *testing.T) {
			path, err := filepath.Abs(fixture)
			if err != nil {
				t.Fatal(err)
			}
			arguments, stdin := unpack(t, archive)
			got := run(t, arguments, stdin)
			if *update {
				write(t, path, archive, got)
				return
			}
			for _, name := range results() {
				if want := part(t, archive, name); want != got[name] {
					t.Errorf("%s: %s is not as expected; got\n%s", fixture, name, got[name])
				}
			}
		})
	}
}

// run runs the command as main does, without a kubeconfig.
func run(t *testing.T, arguments []string, stdin string) map[string]string {
	t.Helper()
	t.Setenv("KUBECONFIG", os.DevNull)
	var stdout, stderr bytes.Buffer
	code := plugin.Run(t.Context(), append([]string{"preview"}, arguments...), genericiooptions.IOStreams{In: strings.NewReader(stdin), Out: &stdout, ErrOut: &stderr})
	return map[string]string{"stdout": stdout.String(), "stderr": stderr.String(), "exit": strconv.Itoa(code) + "\n"}
}

// unpack changes to a directory with the files of the fixture, and fails if the command does not read one of them.
func unpack(t *testing.T, archive *txtar.Archive) (arguments []string, stdin string) {
	t.Helper()
	t.Chdir(t.TempDir())
	arguments = strings.Fields(part(t, archive, "arguments"))
	for _, file := range archive.Files {
		switch {
		case file.Name == "stdin":
			stdin = string(file.Data)
		case file.Name != "arguments" && !slices.Contains(results(), file.Name):
			if !slices.Contains(arguments, file.Name) && !slices.Contains(arguments, filepath.Dir(file.Name)) {
				t.Errorf("nothing reads %s", file.Name)
			}
			if err := os.MkdirAll(filepath.Dir(file.Name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file.Name, file.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return arguments, stdin
}

func part(t *testing.T, archive *txtar.Archive, name string) string {
	t.Helper()
	i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("the fixture has no %s", name)
	}
	return string(archive.Files[i].Data)
}

func write(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return slices.Contains(results(), f.Name) })
	for _, name := range results() {
		archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
