package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/podidentity/podidentity/release/images"
	"github.com/podidentity/podidentity/release/render"
	"github.com/podidentity/podidentity/release/sbom"
	"github.com/podidentity/podidentity/release/signature"
)

// sums is the name of the file with the checksums, in the form of sha256sum.
const sums = "SHA256SUMS"

// dist writes a release: the same sources, version and key make the same bytes.
func dist(o options, all []images.Image) error {
	// The form of https://semver.org, with the v of Go.
	if !regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`).MatchString(o.version) {
		return fmt.Errorf("VERSION is %s: name that of the release, such as VERSION=v0.1.0", o.version)
	}
	if err := os.Mkdir(o.out, 0o750); err != nil {
		return fmt.Errorf("a release begins with an empty directory: %w", err)
	}
	if err := images.Write(filepath.Join(o.out, "images"), o.registry, o.version, all); err != nil {
		return err
	}
	if err := writeManifests(o, all); err != nil {
		return err
	}
	if err := writeBundle(o.out); err != nil {
		return err
	}
	for _, image := range all {
		for _, architecture := range o.architectures {
			bom, err := sbom.Of(filepath.Join(o.checkout, "bin", architecture, image.Name), image.Name, o.version)
			if err != nil {
				return err
			}
			if err := write(o.out, fmt.Sprintf("%s-linux-%s.cdx.json", image.Name, architecture), bom); err != nil {
				return err
			}
		}
	}
	if err := writePlugins(o); err != nil {
		return err
	}
	return writeSums(o)
}

func writeManifests(o options, all []images.Image) error {
	digests := map[string]string{}
	for _, image := range all {
		digests[image.Name] = image.Digest
	}
	for file, directory := range render.Files() {
		text, err := render.YAML(filepath.Join(o.checkout, "manifests"), directory, o.registry, o.version, digests)
		if err != nil {
			return err
		}
		if err := write(o.out, file, text); err != nil {
			return err
		}
	}
	return writeChart(o, digests)
}

// writeSums covers all files but those of the layout, which the bundle has as well.
func writeSums(o options) error {
	entries, err := os.ReadDir(o.out)
	if err != nil {
		return fmt.Errorf("list the release: %w", err)
	}
	var text strings.Builder
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(o.out, entry.Name()))
		if err != nil {
			return fmt.Errorf("read back the release: %w", err)
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(content), entry.Name())
	}
	if err := write(o.out, sums, []byte(text.String())); err != nil {
		return err
	}
	if o.key == "" {
		return nil
	}
	key, err := os.ReadFile(o.key)
	if err != nil {
		return fmt.Errorf("read the key: %w", err)
	}
	bundle, err := signature.Sign(key, []byte(text.String()))
	if err != nil {
		return err
	}
	return write(o.out, sums+".sigstore.json", bundle)
}

func write(directory, file string, content []byte) error {
	if err := os.WriteFile(filepath.Join(directory, file), content, 0o644); err != nil { //nolint:gosec // a release is public
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
