package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mount is one line of /proc/<pid>/mountinfo.
type mount struct {
	path   string
	fstype string
}

// hostMounts returns what is mounted on the host, in the order in which it was.
func hostMounts() ([]mount, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	return parseMountinfo(string(text))
}

// parseMountinfo reads the fields that matter here: the fifth is the path, and the type follows a lone hyphen, because the
// number of fields between them varies.
func parseMountinfo(text string) ([]mount, error) {
	var mounts []mount
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		hyphen := slices.Index(fields, "-")
		if hyphen < 5 || hyphen+1 >= len(fields) {
			return nil, fmt.Errorf("unexpected line in mountinfo: %q", line)
		}
		path, err := unescape(fields[4])
		if err != nil {
			return nil, err
		}
		mounts = append(mounts, mount{path: path, fstype: fields[hyphen+1]})
	}
	return mounts, nil
}

// unescape turns the kernel's octal escapes (a space is \040) back into characters.
func unescape(path string) (string, error) {
	var plain strings.Builder
	for {
		before, after, found := strings.Cut(path, `\`)
		plain.WriteString(before)
		if !found {
			return plain.String(), nil
		}
		if len(after) < 3 {
			return "", fmt.Errorf("unexpected escape in mounted path %q", path)
		}
		char, err := strconv.ParseUint(after[:3], 8, 8)
		if err != nil {
			return "", fmt.Errorf("unexpected escape in mounted path %q: %w", path, err)
		}
		plain.WriteByte(byte(char))
		path = after[3:]
	}
}

// removalOrder returns the mounts at or below a directory, the last one first: only then nothing is in another one's way.
func removalOrder(mounts []mount, dir string) []string {
	var paths []string
	for _, m := range slices.Backward(mounts) {
		if isBelow(m.path, dir) {
			paths = append(paths, m.path)
		}
	}
	return paths
}

func isBelow(path, dir string) bool {
	relative, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(relative)
}

// removeDir deletes a node's directory. The node's own mounts are gone with its processes; unmounting first is for anything
// that a person mounted there on the host, which deleting must not reach.
func removeDir(dir string) error {
	mounts, err := hostMounts()
	if err != nil {
		return err
	}
	for _, path := range removalOrder(mounts, dir) {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("delete directory of the node: %w", err)
	}
	return nil
}
