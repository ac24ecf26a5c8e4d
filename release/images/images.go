// Package images makes the product's images as the Dockerfile says, without Docker: an index of all architectures each.
package images

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/podidentity/podidentity/release/dockerfile"
)

// Image is an image for all its architectures. The same files make the same bytes.
type Image struct {
	// Name is that of the Dockerfile's stage.
	Name   string
	Index  v1.ImageIndex
	Digest string
}

// Build builds all images of the Dockerfile in a checkout. The binaries are there already.
func Build(checkout, version string, architectures []string) ([]Image, error) {
	text, err := os.ReadFile(filepath.Join(checkout, "Dockerfile"))
	if err != nil {
		return nil, fmt.Errorf("read the Dockerfile: %w", err)
	}
	var names []string
	indexes := map[string]v1.ImageIndex{}
	for _, architecture := range architectures {
		stages, err := dockerfile.Images(string(text), architecture)
		if err != nil {
			return nil, err
		}
		for _, stage := range stages {
			if indexes[stage.Name] == nil {
				names = append(names, stage.Name)
				indexes[stage.Name] = emptyIndex(version)
			}
			image, err := build(checkout, stage, architecture)
			if err != nil {
				return nil, fmt.Errorf("build the image of %s for %s: %w", stage.Name, architecture, err)
			}
			indexes[stage.Name] = mutate.AppendManifests(indexes[stage.Name], mutate.IndexAddendum{
				Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
			})
		}
	}
	all := make([]Image, 0, len(names))
	for _, name := range names {
		digest, err := indexes[name].Digest()
		if err != nil {
			return nil, fmt.Errorf("digest of the image of %s: %w", name, err)
		}
		all = append(all, Image{Name: name, Index: indexes[name], Digest: digest.String()})
	}
	return all, nil
}

// emptyIndex has the annotation of https://github.com/opencontainers/image-spec/blob/main/annotations.md.
func emptyIndex(version string) v1.ImageIndex {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	return mutate.Annotations(index, map[string]string{"org.opencontainers.image.version": version}).(v1.ImageIndex)
}

// searchPath is what docker, podman and buildah give to every image.
const searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

func build(checkout string, stage dockerfile.Stage, architecture string) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	// The day of a build would make each build another image.
	created := v1.Time{Time: time.Unix(0, 0).UTC()}
	for _, file := range stage.Files {
		layer, err := layerOf(filepath.Join(checkout, filepath.FromSlash(file.From)), file.To)
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer: layer, MediaType: types.OCILayer, History: v1.History{Created: created, CreatedBy: "COPY " + file.From + " " + file.To},
		})
		if err != nil {
			return nil, fmt.Errorf("add %s: %w", file.To, err)
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read its configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", architecture, created
	config.Config = v1.Config{User: stage.User, Env: append([]string{searchPath}, stage.Env...), Entrypoint: stage.Entrypoint}
	return mutate.ConfigFile(image, config)
}
