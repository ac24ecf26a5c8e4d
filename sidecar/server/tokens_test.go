package server_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/server"
)

// folder is the volume of the tokens.
type folder struct {
	*testing.T
	path string
}

func newFolder(t *testing.T) folder { return folder{t, t.TempDir()} }

// process is a process of the sidecar that makes sure of the tokens.
func (f folder) process(given string, containers ...string) *server.Tokens {
	f.Helper()
	made, err := server.EnsureTokens(filepath.Join(f.path, "token"), given, containers)
	if err != nil {
		f.Fatal(err)
	}
	return made
}

// token is that of a container, or of the pod.
func (f folder) token(container string) string {
	f.Helper()
	content, err := os.ReadFile(f.file(container))
	if err != nil {
		f.Fatal(err)
	}
	return string(content)
}

func (f folder) file(container string) string {
	if container == "" {
		return filepath.Join(f.path, "token")
	}
	return filepath.Join(f.path, "containers", container, "token")
}

func (f folder) rotate(made *server.Tokens, want bool) {
	f.Helper()
	if rotated, err := made.Rotate(); err != nil || rotated != want {
		f.Errorf("the tokens are replaced: %v, %v; want %v", rotated, err, want)
	}
}

func TestEveryContainerHasATokenOfItsOwnThatEveryUserReads(t *testing.T) {
	t.Cleanup(func(before int) func() { return func() { syscall.Umask(before) } }(syscall.Umask(0o077)))
	f := newFolder(t)
	f.process("", "a", "b")
	seen := map[string]bool{f.token(""): true, f.token("a"): true, f.token("b"): true}
	if len(seen) != 3 {
		t.Errorf("the tokens are %v", seen)
	}
	for path, want := range map[string]os.FileMode{f.file("a"): 0o644, filepath.Dir(f.file("a")): 0o755, filepath.Join(f.path, "containers"): 0o755} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, %v", path, info.Mode(), err)
		}
	}
}

func TestAPodWithoutContainersHasOneToken(t *testing.T) {
	f := newFolder(t)
	f.process("")
	if entries, err := os.ReadDir(f.path); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

func TestTokensOfContainersAreMadeOfAGivenOne(t *testing.T) {
	f, given := newFolder(t), strings.Repeat("g", 40)
	f.process("", "a")
	made := f.process(given, "a")
	if f.token("") != given || f.token("a") != contract.ContainerToken(given, "a") {
		t.Errorf("the tokens are %s and %s", f.token(""), f.token("a"))
	}
	f.rotate(made, false)
	f.rotate(f.process(given, "a"), false)
	if f.token("") != given {
		t.Error("a given token was replaced")
	}
}

func TestRule07TokensSurviveARestartUntilTheyAreReplaced(t *testing.T) {
	f := newFolder(t)
	f.rotate(f.process("", "a"), false)
	before := []string{f.token(""), f.token("a")}
	made := f.process("", "a")
	if f.token("") != before[0] || f.token("a") != before[1] {
		t.Error("the tokens changed by the restart")
	}
	f.rotate(made, true)
	if f.token("") == before[0] || f.token("a") == before[1] || f.token("") == f.token("a") {
		t.Error("a token that an earlier process wrote is left")
	}
	after := f.token("a")
	if f.rotate(made, false); f.token("a") != after {
		t.Error("the tokens of this process were replaced")
	}
}

func TestATokenThatEqualsThatOfAnotherContainerIsReplaced(t *testing.T) {
	f := newFolder(t)
	f.process("", "a", "b")
	stolen := f.token("a")
	if err := os.WriteFile(f.file("b"), []byte(stolen), 0o600); err != nil {
		t.Fatal(err)
	}
	f.process("", "a", "b")
	if f.token("a") != stolen || f.token("b") == stolen {
		t.Errorf("a has %s and b %s", f.token("a"), f.token("b"))
	}
}

func TestATokenOfAContainerThatCannotBeWrittenIsAnErrorThatNamesIt(t *testing.T) {
	f := newFolder(t)
	if err := errors.Join(os.Mkdir(filepath.Join(f.path, "containers"), 0o700), os.WriteFile(filepath.Dir(f.file("a")), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.EnsureTokens(f.file(""), "", []string{"a"}); err == nil || !strings.Contains(err.Error(), "container a: ") {
		t.Errorf("error %v", err)
	}
}
