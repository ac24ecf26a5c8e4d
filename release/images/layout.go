package images

import (
	"fmt"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// Write writes images into a directory as an OCI layout
// (https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
//
// Each is there twice, at no price: by its tag, and by its digest, as pods name it. containerd gives an image that it imports the
// name of the annotation io.containerd.image.name, and finds an image by no other.
func Write(directory, registry, version string, all []Image) error {
	path, err := layout.Write(directory, empty.Index)
	if err != nil {
		return fmt.Errorf("write the layout of the images: %w", err)
	}
	for _, image := range all {
		for _, reference := range []string{":" + version, "@" + image.Digest} {
			name := registry + "/" + image.Name + reference
			annotations := map[string]string{"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name}
			if err := path.AppendIndex(image.Index, layout.WithAnnotations(annotations)); err != nil {
				return fmt.Errorf("write the image %s: %w", name, err)
			}
		}
	}
	return nil
}
