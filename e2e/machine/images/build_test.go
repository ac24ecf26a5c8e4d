package images

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestAnImageIsTheSameEachTimeAndBearsItsFullName(t *testing.T) {
	image := scratchImage(t)
	first, second := build(t, image), build(t, image)
	if first != second {
		t.Errorf("the same files made %+v and %+v", first, second)
	}
	if first.Name != image.Tag {
		t.Errorf("the image is called %s, want %s", first.Name, image.Tag)
	}
	image.Target = "webhook"
	if other := build(t, image); other.Digest == first.Digest {
		t.Error("another target is the same image")
	}
}

func TestABuildThatFailsSaysWhyAndLeavesNothing(t *testing.T) {
	image := scratchImage(t)
	image.Target = "nonsense"
	dir := t.TempDir()
	err := Build(t.Context(), image, filepath.Join(dir, "image.tar"))
	if err == nil || !strings.Contains(err.Error(), image.Tag) || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("Build = %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestABuildLeavesTheHostsDirectoriesAlone(t *testing.T) {
	image := scratchImage(t)
	archive := filepath.Join(t.TempDir(), "image.tar")
	// As on a machine that has never run buildah. The thread is never given back, and its namespace ends with it.
	runtime.LockOSThread()
	err := errors.Join(
		unix.Unshare(unix.CLONE_NEWNS|unix.CLONE_FS),
		unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""),
		unix.Mount("tmpfs", "/var/lib", "tmpfs", 0, ""),
		unix.Mount("tmpfs", "/var/tmp", "tmpfs", 0, ""),
	)
	if err != nil {
		t.Fatal(err)
	}
	seen := watch(t, "/var/lib", "/var/tmp")
	if err := Build(t.Context(), image, archive); err != nil {
		t.Fatal(err)
	}
	if written := seen(); len(written) > 0 {
		t.Errorf("a build that is killed leaves %v", written)
	}
}

// watch returns a function that names whatever was made in the directories since, even if it is gone by now.
func watch(t *testing.T, dirs ...string) (seen func() []string) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) }) // only read from
	for _, dir := range dirs {
		if _, err := unix.InotifyAddWatch(fd, dir, unix.IN_CREATE); err != nil {
			t.Fatal(err)
		}
	}
	return func() []string {
		events := make([]byte, 1<<16)
		n, err := unix.Read(fd, events)
		if err != nil && !errors.Is(err, unix.EAGAIN) {
			t.Fatal(err)
		}
		var names []string
		for rest := events[:max(n, 0)]; len(rest) > 0; {
			end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(rest[12:]))
			names = append(names, strings.TrimRight(string(rest[unix.SizeofInotifyEvent:end]), "\x00"))
			rest = rest[end:]
		}
		return names
	}
}

func scratchImage(t *testing.T) Image {
	t.Helper()
	if _, err := exec.LookPath("buildah"); err != nil || os.Geteuid() != 0 {
		t.Fatal("an image needs buildah and root: run make prepare, and the tests with sudo")
	}
	dir := t.TempDir()
	const dockerfile = "FROM scratch AS webhook\nCOPY file /webhook\nFROM scratch AS sidecar\nCOPY file /sidecar\n"
	err := errors.Join(
		os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte(dockerfile), 0o600),
		os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	return Image{Dockerfile: filepath.Join(dir, "Dockerfile"), Context: dir, Target: "sidecar", Tag: "localhost/podidentity/sidecar:test"}
}

func build(t *testing.T, image Image) Built {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "image.tar")
	if err := Build(t.Context(), image, archive); err != nil {
		t.Fatal(err)
	}
	built, err := Inspect(archive)
	if err != nil {
		t.Fatal(err)
	}
	return built
}
