package identity

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle joins the five events of one swap of the kubelet, and lets an editor finish that truncates before it writes.
	settle = 20 * time.Millisecond
	// pollWatched is the safety net under inotify.
	pollWatched = time.Minute
	// pollUnwatched serves where there is nothing to watch yet, or the node has no inotify instance left: by default a
	// user has 128 of them, and every sidecar of a node may be the same user.
	pollUnwatched = 2 * time.Second
)

// File is an identity document on disk.
type File struct {
	path    string
	reading Reading
}

// Open looks at the document at path for the first time. A missing one is no error: it may appear later.
func Open(path string) *File {
	f := &File{path: path}
	f.read()
	return f
}

// Reading is the result of the latest look. It must not be called while Watch runs.
func (f *File) Reading() Reading {
	return f.reading
}

// Watch calls changed with each Reading that differs from the one before, until ctx is done. It never fails: without
// inotify it polls.
func (f *File) Watch(ctx context.Context, changed func(Reading)) {
	watcher, events := newWatcher()
	if watcher != nil {
		defer func() { _ = watcher.Close() }()
	}
	for {
		// Each time anew, because a folder may be replaced by another of its name; before the read, so that no change
		// falls between the two.
		watched := watcher != nil && watcher.Add(filepath.Dir(f.path)) == nil
		if f.read() {
			changed(f.reading)
		}
		poll := pollUnwatched
		if watched {
			poll = pollWatched
		}
		if !pause(ctx, events, poll) {
			return
		}
	}
}

// read looks at the document and tells whether the Reading changed.
func (f *File) read() bool {
	document, err := readDocument(f.path)
	before := f.reading
	f.reading = next(before, document, err)
	return f.reading.Identity != before.Identity || f.reading.Associated != before.Associated ||
		problemText(f.reading) != problemText(before)
}

func problemText(r Reading) string {
	if r.Problem == nil {
		return ""
	}
	return r.Problem.Error()
}

// newWatcher watches nothing yet. The whole folder will be watched, not the file: the kubelet replaces a symbolic link
// beside it.
func newWatcher() (*fsnotify.Watcher, <-chan fsnotify.Event) {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil
	}
	go func() {
		// An overflow of the queue is all that comes here; the poll makes up for it.
		for range watcher.Errors {
		}
	}()
	return watcher, watcher.Events
}

// pause waits for a change to settle or for the next poll, and tells whether to go on.
func pause(ctx context.Context, events <-chan fsnotify.Event, poll time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(poll):
		return true
	case <-events:
	}
	settled := time.After(settle)
	for {
		select {
		case <-ctx.Done():
			return false
		case <-events:
		case <-settled:
			return true
		}
	}
}
