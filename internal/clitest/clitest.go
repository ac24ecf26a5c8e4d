// Package clitest runs commands by fixtures: files that are a whole test case each.
package clitest

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// Result is what a command printed, and its exit code.
type Result struct {
	Stdout, Stderr string
	Exit           int
}

// parts are what a command decides; the other files of a fixture are its arguments and what it reads.
func (r Result) parts() []txtar.File {
	return []txtar.File{{Name: "stdout", Data: []byte(r.Stdout)}, {Name: "stderr", Data: []byte(r.Stderr)}, {Name: "exit", Data: []byte(strconv.Itoa(r.Exit) + "\n")}}
}

// RunFixtures runs each testdata/*.txtar: a sentence, the arguments, and the files, in whose directory the command runs; "stdin" is the standard
// input. Something must read each file, by its name or that of its directory. It compares what the command prints and returns with the rest of the fixture, or with update writes that.
func RunFixtures(t *testing.T, update bool, run func(t *testing.T, arguments []string, stdin string) Result) {
	t.Helper()
	fixtures, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, fixture := range fixtures {
		archive, err := txtar.ParseFile(fixture)
		if err != nil {
			t.Fatal(err)
		}
		path, err := filepath.Abs(fixture)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSpace(string(archive.Comment)), func(t *testing.T) { runFixture(t, path, archive, update, run) })
	}
}

func runFixture(t *testing.T, path string, archive *txtar.Archive, update bool, run func(t *testing.T, arguments []string, stdin string) Result) {
	t.Helper()
	t.Chdir(t.TempDir())
	var arguments []string
	var stdin string
	want := map[string]string{}
	var given []txtar.File
	for _, file := range archive.Files {
		switch file.Name {
		case "stdout", "stderr", "exit":
			want[file.Name] = string(file.Data)
			continue
		case "arguments":
			arguments = strings.Fields(string(file.Data))
		case "stdin":
			stdin = string(file.Data)
		default:
			if !slices.Contains(arguments, file.Name) && !slices.Contains(arguments, filepath.Dir(file.Name)) {
				t.Errorf("nothing reads %s", file.Name)
			}
			write(t, file)
		}
		given = append(given, file)
	}
	got := run(t, arguments, stdin).parts()
	if update {
		archive.Files = slices.Concat(given, got)
		if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, part := range got {
		if string(part.Data) != want[part.Name] {
			t.Errorf("%s is not as expected; got\n%s", part.Name, part.Data)
		}
	}
}

func write(t *testing.T, file txtar.File) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file.Name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file.Name, file.Data, 0o600); err != nil {
		t.Fatal(err)
	}
}
