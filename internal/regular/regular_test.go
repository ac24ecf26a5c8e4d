package regular_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/internal/regular"
)

func TestOnlyRegularFilesWithinTheLimitAreRead(t *testing.T) {
	for name, test := range map[string]struct {
		create func(path string) error
		says   string // empty is a success
	}{
		"a file":                      {create: content("12345678")},
		"an empty file":               {create: content("")},
		"a link, as a volume has":     {create: link(content("12345678"))},
		"a file above the limit":      {create: content("123456789"), says: "has more than 8 bytes"},
		"a FIFO":                      {create: fifo, says: "is not a regular file"},
		"a link to a FIFO":            {create: link(fifo), says: "is not a regular file"},
		"a link to an endless device": {create: func(path string) error { return os.Symlink("/dev/zero", path) }, says: "is not a regular file"},
		"a folder":                    {create: func(path string) error { return os.Mkdir(path, 0o700) }, says: "is not a regular file"},
		"a socket":                    {create: socket(t), says: "file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := test.create(path); err != nil {
				t.Fatal(err)
			}
			got, err := regular.ReadFile(path, 8)
			if test.says == "" && (err != nil || len(got) != 0 && string(got) != "12345678") {
				t.Errorf("got %q, %v", got, err)
			}
			if test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	if _, err := regular.ReadFile(filepath.Join(t.TempDir(), "none"), 8); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file is %v", err)
	}
}

func content(text string) func(path string) error {
	return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
}

func fifo(path string) error { return syscall.Mkfifo(path, 0o600) }

func link(create func(path string) error) func(path string) error {
	return func(path string) error {
		return errors.Join(create(path+".target"), os.Symlink(path+".target", path))
	}
}

func socket(t *testing.T) func(path string) error {
	return func(path string) error {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
		if err == nil {
			t.Cleanup(func() { _ = listener.Close() }) // nobody has used it
		}
		return err
	}
}
