package identity_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/podidentity/podidentity/sidecar/identity"
)

const (
	documentA = `{"roleARN":"a"}`
	documentB = `{"roleARN":"b"}`
)

// volume is a folder that changes like a projected volume: the kubelet replaces one symbolic link.
type volume struct {
	t       *testing.T
	folder  string
	updates int
}

func (v *volume) project(document string) {
	v.t.Helper()
	v.updates++
	data := filepath.Join(v.folder, "..data_"+string(rune('0'+v.updates)))
	link := filepath.Join(v.folder, "..data")
	must(v.t, os.MkdirAll(data, 0o750))
	must(v.t, os.WriteFile(filepath.Join(data, "identity"), []byte(document), 0o600))
	must(v.t, os.Symlink(data, link+"_tmp"))
	must(v.t, os.Rename(link+"_tmp", link))
	if v.updates == 1 {
		must(v.t, os.Symlink(filepath.Join("..data", "identity"), v.path()))
	}
}

func (v *volume) path() string {
	return filepath.Join(v.folder, "identity")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watch sends every change of the document, until the test ends.
func watch(t *testing.T, file *identity.File) <-chan identity.Reading {
	t.Helper()
	changes := make(chan identity.Reading)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		must(t, file.Watch(ctx, func(r identity.Reading) error {
			select {
			case changes <- r:
			case <-ctx.Done():
			}
			return nil
		}))
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return changes
}

func TestChangesOfTheDocumentAreReported(t *testing.T) {
	v := &volume{t: t, folder: t.TempDir()}
	v.project("")
	file := identity.Open(v.path())
	if r := file.Reading(); r.Associated() || r.Problem != nil {
		t.Fatalf("an empty document reads as %+v", r)
	}
	changes := watch(t, file)
	v.project(documentA)
	if r := <-changes; !r.Associated() || r.Identity.RoleARN != "a" || r.Problem != nil {
		t.Errorf("a new association reads as %+v", r)
	}
	v.project(documentB)
	if r := <-changes; !r.Associated() || r.Identity.RoleARN != "b" {
		t.Errorf("a changed association reads as %+v", r)
	}
	v.project(`{"roleARN":`)
	if r := <-changes; !r.Associated() || r.Identity.RoleARN != "b" || r.Problem == nil {
		t.Errorf("an invalid document reads as %+v: it should keep the identity and say why", r)
	}
	v.project(documentB)
	if r := <-changes; !r.Associated() || r.Problem != nil {
		t.Errorf("a repaired document reads as %+v", r)
	}
	v.project(`{"roleARN":"b","boundary":"b","critical":["boundary"]}`)
	if r := <-changes; r.Associated() || r.Problem == nil {
		t.Errorf("a restriction of a later version reads as %+v: it should leave no identity, and say why", r)
	}
	v.project(`{"roleARN":`)
	if r := <-changes; r.Associated() || r.Problem == nil {
		t.Errorf("an invalid document after it reads as %+v: it should bring no identity back", r)
	}
	v.project(`{"roleARN":"b","description":"d"}`)
	if r := <-changes; r.Identity.RoleARN != "b" || r.Problem != nil {
		t.Errorf("an addition of a later version reads as %+v", r)
	}
	v.project("")
	if r := <-changes; r.Associated() || r.Identity.RoleARN != "" || r.Problem != nil {
		t.Errorf("a deleted association reads as %+v", r)
	}
}

func TestAFolderThatAppearsLaterIsWatched(t *testing.T) {
	v := &volume{t: t, folder: filepath.Join(t.TempDir(), "later")}
	file := identity.Open(v.path())
	if r := file.Reading(); r.Associated() || r.Problem != nil {
		t.Fatalf("a missing folder reads as %+v", r)
	}
	changes := watch(t, file)
	v.project(documentA)
	if r := <-changes; r.Identity.RoleARN != "a" {
		t.Errorf("got %+v", r)
	}
}

func TestADocumentThatCannotBeReadIsAProblem(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"a folder in its place": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o750))
		},
		"a FIFO in its place": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, syscall.Mkfifo(path, 0o600))
		},
		"a link to a device without end in its place": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Symlink("/dev/zero", path))
		},
		"a document that is too large": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, make([]byte, 300<<10), 0o600))
		},
		"a critical field of a later version": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(`{"roleARN":"a","boundary":"b","critical":["boundary"]}`), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity")
			must(t, os.WriteFile(path, []byte(documentA), 0o600))
			file := identity.Open(path)
			changes := watch(t, file)
			spoil(t, path)
			r := <-changes
			for r.Problem == nil { // a moment without the file is no association
				r = <-changes
			}
			if r.Problem == nil {
				t.Errorf("got %+v", r)
			}
		})
	}
}
