package images

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Built is what an OCI archive says of its only image.
type Built struct {
	Name string
	// Digest, unlike the archive itself, which has times in it, is the same for the same files.
	Digest string
}

// Inspect reads an OCI archive.
func Inspect(archive string) (Built, error) {
	file, err := os.Open(archive)
	if err != nil {
		return Built{}, fmt.Errorf("read image: %w", err)
	}
	defer func() { _ = file.Close() }() // only read from
	for content := tar.NewReader(file); ; {
		header, err := content.Next()
		if errors.Is(err, io.EOF) {
			return Built{}, fmt.Errorf("%s is no OCI archive: it has no index.json", archive)
		}
		if err != nil {
			return Built{}, fmt.Errorf("read image %s: %w", archive, err)
		}
		if header.Name == "index.json" {
			return parseIndex(archive, content)
		}
	}
}

func parseIndex(archive string, text io.Reader) (Built, error) {
	var index struct {
		Manifests []struct {
			Digest      string
			Annotations map[string]string
		}
	}
	if err := json.NewDecoder(text).Decode(&index); err != nil {
		return Built{}, fmt.Errorf("read image %s: %w", archive, err)
	}
	if len(index.Manifests) != 1 {
		return Built{}, fmt.Errorf("%s holds %d images", archive, len(index.Manifests))
	}
	only := index.Manifests[0]
	return Built{Name: only.Annotations["org.opencontainers.image.ref.name"], Digest: only.Digest}, nil
}
