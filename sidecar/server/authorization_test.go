package server_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/sidecar/server"
)

func ensure(t *testing.T, path, given string) server.Token {
	t.Helper()
	token, _, err := server.EnsureToken(path, given)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestRule05TheTokenIsOneLineOfVisibleASCIIWithoutNewline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	token := ensure(t, path, "")
	content, err := os.ReadFile(path)
	if err != nil || string(content) != string(token) || !regexp.MustCompile(`^[!-~]{26,}$`).Match(content) {
		t.Errorf("the file holds %q, %v", content, err)
	}
	if other := ensure(t, filepath.Join(t.TempDir(), "token"), ""); other == token {
		t.Error("two pods have the same token")
	}
}

func TestRule06TheTokenAppearsWholeAndReadableByEveryUser(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "auth")
	path := filepath.Join(folder, "token")
	ensure(t, path, "")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v: the token was not renamed into place", entries)
	}
}

func TestRule07TheTokenSurvivesARestart(t *testing.T) {
	for name, test := range map[string]struct {
		there, given string
		want         string // empty is a new one
	}{
		"an existing token is kept":                 {there: strings.Repeat("x", 26), want: strings.Repeat("x", 26)},
		"an invalid token is replaced":              {there: "xyz"},
		"an empty file is replaced":                 {there: ""},
		"a token with a newline is replaced":        {there: strings.Repeat("x", 30) + "\n"},
		"a given token is written":                  {given: strings.Repeat("g", 40), want: strings.Repeat("g", 40)},
		"a given token replaces another":            {there: strings.Repeat("x", 26), given: strings.Repeat("g", 40), want: strings.Repeat("g", 40)},
		"a given token that exists already is kept": {there: strings.Repeat("g", 40), given: strings.Repeat("g", 40), want: strings.Repeat("g", 40)},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(path, []byte(test.there), 0o600); err != nil {
				t.Fatal(err)
			}
			first := ensure(t, path, test.given)
			if again := ensure(t, path, test.given); again != first {
				t.Errorf("%q became %q at the restart", first, again)
			}
			if test.want != "" && string(first) != test.want || string(first) == test.there && test.want == "" {
				t.Errorf("got %q, want %q", first, test.want)
			}
		})
	}
}

// Containers that mount the folder can put anything there while the sidecar does not run.
func TestWhateverIsInPlaceOfTheTokenIsReplaced(t *testing.T) {
	for name, create := range map[string]func(path string) error{
		"a FIFO":                         func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a device without end": func(path string) error { return os.Symlink("/dev/zero", path) },
		"a link to a FIFO": func(path string) error {
			return errors.Join(syscall.Mkfifo(path+".target", 0o600), os.Symlink(path+".target", path))
		},
		"a link to a token": func(path string) error {
			return errors.Join(os.WriteFile(path+".target", []byte(strings.Repeat("x", 26)), 0o600), os.Symlink(path+".target", path))
		},
		"a link to nothing":   func(path string) error { return os.Symlink(path+".target", path) },
		"a file of 257 bytes": func(path string) error { return os.WriteFile(path, []byte(strings.Repeat("x", 257)), 0o600) },
		"a file of 1 TB":      func(path string) error { return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 1<<40)) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "token")
			if err := create(path); err != nil {
				t.Fatal(err)
			}
			token := ensure(t, path, "")
			info, err := os.Lstat(path)
			if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(token)) || token == server.Token(strings.Repeat("x", 26)) {
				t.Errorf("the token is %q in a file of %d bytes, %v, %v", token, info.Size(), info.Mode(), err)
			}
		})
	}
}

func TestATokenThatCannotBeWrittenIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ path, given, says string }{
		"a folder that is a file":         {path: filepath.Join(file, "token"), says: "authorization token"},
		"a folder in place of the token":  {path: t.TempDir(), says: "read the authorization token"},
		"a given token that is too short": {path: file, given: "secret", says: "26 to 256 characters"},
		"a given token of two lines":      {path: file, given: strings.Repeat("x\n", 30), says: "visible ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := server.EnsureToken(test.path, test.given); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v", err)
			} else if test.given != "" && strings.Contains(err.Error(), test.given) {
				t.Errorf("the error holds the secret: %v", err)
			}
		})
	}
}
