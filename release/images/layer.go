package images

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// layerOf has one file, of root, with the directories that it is in.
func layerOf(source, target string) (v1.Layer, error) {
	content, err := os.ReadFile(source)
	if err != nil {
		return nil, fmt.Errorf("read what make binaries makes: %w", err)
	}
	info, err := os.Stat(source)
	if err != nil {
		return nil, fmt.Errorf("read the mode of %s: %w", source, err)
	}
	var text bytes.Buffer
	archive := tar.NewWriter(&text)
	for directory := range parents(target) {
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: directory + "/", Mode: 0o755}); err != nil {
			return nil, fmt.Errorf("add %s: %w", directory, err)
		}
	}
	// Not the mode of the file itself, which depends on the umask of whoever builds.
	header := &tar.Header{Typeflag: tar.TypeReg, Name: strings.TrimPrefix(target, "/"), Size: int64(len(content)), Mode: 0o644}
	if info.Mode()&0o100 != 0 {
		header.Mode = 0o755
	}
	if err := archive.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("add %s: %w", target, err)
	}
	if _, err := archive.Write(content); err != nil {
		return nil, fmt.Errorf("add %s: %w", target, err)
	}
	if err := archive.Close(); err != nil {
		return nil, fmt.Errorf("add %s: %w", target, err)
	}
	return tarball.LayerFromOpener(
		func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression), tarball.WithCompressedCaching,
	)
}

// parents are the directories of a file, the outer ones first, without the root.
func parents(file string) func(yield func(directory string) bool) {
	return func(yield func(directory string) bool) {
		elements := strings.Split(strings.Trim(path.Dir(file), "/"), "/")
		for i := range elements {
			if elements[i] != "" && !yield(strings.Join(elements[:i+1], "/")) {
				return
			}
		}
	}
}
