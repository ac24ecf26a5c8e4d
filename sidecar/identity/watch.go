package identity

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/podidentity/podidentity/internal/regular"
)

const (
	// debounce joins the five events of one update by the kubelet, and lets an editor that truncates before it writes finish.
	debounce = 20 * time.Millisecond
	// watchedPollInterval covers events that are lost.
	watchedPollInterval = time.Minute
	// unwatchedPollInterval is for a folder that does not exist yet, and for a node without a free inotify instance: by default a
	// user has 128 of them, and all sidecars of a node may be the same user.
	unwatchedPollInterval = 2 * time.Second
)

// File is an identity document on disk.
type File struct {
	path    string
	reading Reading
}

// Open reads the document at path for the first time. It may be missing and appear later.
func Open(path string) *File {
	f := &File{path: path}
	f.read()
	return f
}

// Reading returns the latest Reading. It must not be called while Watch runs.
func (f *File) Reading() Reading {
	return f.reading
}

// Watch calls changed with each Reading that differs from the previous one, until ctx is done or changed fails. Without inotify it polls.
func (f *File) Watch(ctx context.Context, changed func(Reading) error) error {
	watcher, events := newWatcher()
	if watcher != nil {
		defer func() { _ = watcher.Close() }()
	}
	for {
		// The watch is added each time, because the folder may have been replaced, and before the read, so that no change is missed
		// between the two.
		watched := watcher != nil && watcher.Add(filepath.Dir(f.path)) == nil
		if f.read() {
			if err := changed(f.reading); err != nil {
				return err
			}
		}
		poll := unwatchedPollInterval
		if watched {
			poll = watchedPollInterval
		}
		if !waitForChange(ctx, events, poll) {
			return nil
		}
	}
}

// read reads the document and reports whether the Reading changed.
func (f *File) read() bool {
	document, err := regular.ReadFile(f.path, maxDocument)
	previous := f.reading
	f.reading = next(previous, document, err)
	return !f.reading.same(previous)
}

func problemText(r Reading) string {
	if r.Problem == nil {
		return ""
	}
	return r.Problem.Error()
}

// newWatcher makes a watcher of nothing yet. Watch adds the folder, not the file: the kubelet replaces a symbolic link beside it.
func newWatcher() (*fsnotify.Watcher, <-chan fsnotify.Event) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil
	}
	go func() {
		// The only error here is an overflow of the queue, for which the poll makes up.
		for range watcher.Errors {
		}
	}()
	return watcher, watcher.Events
}

// waitForChange waits for events to cease or for the next poll. It returns false once ctx is done.
func waitForChange(ctx context.Context, events <-chan fsnotify.Event, poll time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(poll):
		return true
	case <-events:
	}
	quiet := time.After(debounce)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-events:
		case <-quiet:
			return true
		}
	}
}
