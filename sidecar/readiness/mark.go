package readiness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// isMarked reports whether there is a regular file at path. Its content does not matter, so that it is there whole or not at all,
// and nothing is read that a container of the pod might have put in its place.
func isMarked(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// mark makes the file at path, in place of anything else but a folder that is not empty.
func mark(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the folder of the authorization token
		return err
	}
	if isMarked(path) {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// With O_EXCL it follows no link and opens no FIFO that comes meanwhile.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // it is empty
	if err != nil {
		return err
	}
	return file.Close()
}
