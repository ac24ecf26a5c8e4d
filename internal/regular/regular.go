// Package regular reads regular files, and neither hangs nor exhausts the memory when something else is in their place.
package regular

import (
	"fmt"
	"io"
	"os"
	"syscall"
)

// ReadFile reads a regular file of at most limit bytes. It follows symbolic links, since every file of a projected volume is one,
// but not to a FIFO, which may never be written to, nor to a device, which may have no end.
func ReadFile(path string, limit int) ([]byte, error) {
	// Without O_NONBLOCK, the open of a FIFO waits for its writer. The check follows the open, so that nobody can come between.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	content, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(content) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return content, nil
}
