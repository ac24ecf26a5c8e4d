package images

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// buildah knows all of a Dockerfile, and the program that makes the images of a release only what is in ours.
func TestTheImagesOfAReleaseAreThoseOfTheDockerfile(t *testing.T) {
	scratchImage(t) // says what is missing
	checkout := t.TempDir()
	dockerfile := filepath.Join(checkout, "Dockerfile")
	names := []string{"sidecar", "webhook", "auth"}
	prepare := []string{"cp ../../../Dockerfile " + dockerfile, "mkdir -p " + checkout + "/bin/" + runtime.GOARCH, "cd " + checkout + "/bin", "echo ca >ca-certificates.crt"}
	for _, name := range names {
		prepare = append(prepare, fmt.Sprintf("echo %s >%s/%[1]s", name, runtime.GOARCH), fmt.Sprintf("chmod 755 %s/%s", runtime.GOARCH, name))
	}
	for _, command := range [][]string{
		{"/bin/sh", "-ec", strings.Join(prepare, "\n")},
		{"go", "-C", "../../../release", "run", ".", "images", "--checkout=" + checkout, "--out=" + filepath.Join(checkout, "layout"), "--registry=localhost/team", "--version=v1", "--architectures=" + runtime.GOARCH},
	} {
		if out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for i, name := range names {
		t.Run(name, func(t *testing.T) {
			archive := filepath.Join(t.TempDir(), "image.tar")
			if err := Build(t.Context(), Image{Dockerfile: dockerfile, Context: checkout, Target: name, Tag: "localhost/team/" + name + ":v1"}, archive); err != nil {
				t.Fatal(err)
			}
			unpacked := filepath.Join(t.TempDir(), "layout")
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", "mkdir $1 && tar -x -C $1 -f $2", "sh", unpacked, archive).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			// Each image of the release is in the layout by tag and by digest.
			released, built := contentOf(t, child(t, filepath.Join(checkout, "layout"), 2*i)), contentOf(t, child(t, unpacked, 0))
			if !reflect.DeepEqual(released, built) {
				t.Errorf("the release has\n%+v\nthe Dockerfile makes\n%+v", released, built)
			}
		})
	}
}

// child is an image of a layout, which may be there as an index of one image.
func child(t *testing.T, directory string, number int) v1.Image {
	t.Helper()
	index, err := layout.ImageIndexFromPath(directory)
	if err != nil {
		t.Fatal(err)
	}
	for {
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		descriptor := manifest.Manifests[number]
		if descriptor.MediaType.IsImage() {
			image, err := index.Image(descriptor.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
		if index, err = index.ImageIndex(descriptor.Digest); err != nil {
			t.Fatal(err)
		}
		number = 0
	}
}

// content is what a container sees of an image.
type content struct {
	Architecture, User, WorkingDirectory string
	Environment, Entrypoint, Command     []string
	// Files have their mode, owner and text.
	Files map[string]string
}

func contentOf(t *testing.T, image v1.Image) content {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := content{
		Architecture: config.Architecture, User: config.Config.User, WorkingDirectory: config.Config.WorkingDir,
		Environment: config.Config.Env, Entrypoint: config.Config.Entrypoint, Command: config.Config.Cmd, Files: map[string]string{},
	}
	merged := mutate.Extract(image)
	defer func() { _ = merged.Close() }() // only read from
	for files := tar.NewReader(merged); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(header.Name, "/")
		c.Files[name] = fmt.Sprintf("%c %s %d:%d %s", header.Typeflag, os.FileMode(header.Mode), header.Uid, header.Gid, text)
	}
}
