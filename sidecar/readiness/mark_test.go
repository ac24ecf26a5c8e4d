package readiness

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestThatThePodHasStartedIsRememberedWhateverIsInThePlaceOfTheFile(t *testing.T) {
	for name, test := range map[string]struct {
		create        func(path string) error
		before, after bool
	}{
		"nothing":            {create: func(string) error { return nil }, after: true},
		"a file":             {create: func(path string) error { return os.WriteFile(path, nil, 0o600) }, before: true, after: true},
		"a FIFO":             {create: func(path string) error { return syscall.Mkfifo(path, 0o600) }, after: true},
		"an empty folder":    {create: func(path string) error { return os.Mkdir(path, 0o700) }, after: true},
		"a full folder":      {create: func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) }},
		"a link":             {create: func(path string) error { return os.Symlink(filepath.Join(filepath.Dir(path), "target"), path) }, after: true},
		"a link to a device": {create: func(path string) error { return os.Symlink("/dev/zero", path) }, after: true},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "started")
			if err := test.create(path); err != nil {
				t.Fatal(err)
			}
			if got := isMarked(path); got != test.before {
				t.Errorf("marked before: %t", got)
			}
			if err := mark(path); (err == nil) != test.after {
				t.Errorf("error %v", err)
			}
			if got := isMarked(path); got != test.after {
				t.Errorf("marked after: %t", got)
			}
			if _, err := os.Lstat(filepath.Join(folder, "target")); err == nil {
				t.Error("a link was followed")
			}
		})
	}
	if path := filepath.Join(t.TempDir(), "new", "started"); mark(path) != nil || !isMarked(path) {
		t.Error("the folder is not made")
	}
}
