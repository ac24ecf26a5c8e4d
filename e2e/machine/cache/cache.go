// Package cache keeps what takes long to make in the user's cache directory: each thing is made once, whole or not at all.
package cache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// unfinished ends the name of a directory that is being filled.
const unfinished = ".unfinished-*"

// Entry is something that is made once.
type Entry struct {
	// Name is that of its directory. What goes into it must be part of the name: another version is another entry.
	Name string
	// What says in a few words what is being made ("building etcd v3.7.3 from source").
	What string
	// Expected is how long that takes on a small machine the first time.
	Expected string
	// Make fills the directory.
	Make func(ctx context.Context, dir string) error
}

// Dir is the cache directory of this project. A root without a home, as under some CI systems, has root's.
func Dir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = "/root/.cache"
	}
	return filepath.Join(base, "podidentity")
}

// Ensure returns the directory of an entry, made if need be. It bears its name only once Make has succeeded, so that an interrupted
// run is never taken for a whole one. Of several programs that need it at once, one makes it and the others wait.
func Ensure(ctx context.Context, entry Entry, log func(format string, args ...any)) (string, error) {
	final := entry.path()
	if entry.Made() {
		return final, nil
	}
	if err := os.MkdirAll(Dir(), 0o750); err != nil {
		return "", fmt.Errorf("create cache directory: %w", err)
	}
	unlock, err := lock(ctx, final+".lock", func() { log("another process is %s: waiting for it", entry.What) })
	if err != nil {
		return "", fmt.Errorf("wait for another process %s: %w", entry.What, err)
	}
	defer unlock()
	if entry.Made() {
		return final, nil
	}
	if err := entry.fill(ctx, final, log); err != nil {
		return "", fmt.Errorf("%s: %w", entry.What, err)
	}
	return final, nil
}

// fill makes the entry under a name of its own: what a killed run has started may still be writing to the name of that one.
func (e Entry) fill(ctx context.Context, final string, log func(format string, args ...any)) error {
	interrupted, err := filepath.Glob(final + unfinished)
	if err != nil {
		return fmt.Errorf("find what an interrupted run left: %w", err)
	}
	for _, dir := range interrupted {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove what an interrupted run left: %w", err)
		}
	}
	temporary, err := os.MkdirTemp(filepath.Dir(final), filepath.Base(final)+unfinished)
	if err != nil {
		return fmt.Errorf("create cache directory: %w", err)
	}
	begin := time.Now()
	log("%s, once: about %s", e.What, e.Expected)
	stop := Progress(log, e.What, e.Expected)
	err = e.Make(ctx, temporary)
	stop()
	if err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, final); err != nil {
		return fmt.Errorf("put it into the cache: %w", err)
	}
	log("%s: done in %s", e.What, time.Since(begin).Round(time.Second))
	return nil
}

// Made reports whether the entry is in the cache.
func (e Entry) Made() bool {
	info, err := os.Stat(e.path())
	return err == nil && info.IsDir()
}

func (e Entry) path() string { return filepath.Join(Dir(), e.Name) }
