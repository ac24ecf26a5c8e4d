package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/podidentity/podidentity/release/images"
)

// push publishes images, with the credentials of docker login, and notes their digests for make install.
func push(ctx context.Context, o options, all []images.Image, out io.Writer) error {
	for _, image := range all {
		tag, err := name.NewTag(o.registry+"/"+image.Name+":"+o.version, name.StrictValidation)
		if err != nil {
			return fmt.Errorf("REGISTRY must be a host and a path, and VERSION a tag: %w", err)
		}
		if err := remote.WriteIndex(tag, image.Index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
			return fmt.Errorf("push %s: %w", tag, err)
		}
		note := filepath.Join(o.checkout, "bin", "pushed", o.registry, image.Name, o.version)
		if err := os.MkdirAll(filepath.Dir(note), 0o750); err != nil {
			return fmt.Errorf("note the digest: %w", err)
		}
		if err := os.WriteFile(note, []byte(image.Digest+"\n"), 0o600); err != nil {
			return fmt.Errorf("note the digest: %w", err)
		}
		if _, err := fmt.Fprintf(out, "%s@%s\n", tag, image.Digest); err != nil {
			return fmt.Errorf("print the digest: %w", err)
		}
	}
	return nil
}
