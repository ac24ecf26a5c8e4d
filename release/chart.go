package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// writeChart packs the chart as Helm does, as pod-identity-0.1.0.tgz for v0.1.0: with this version, and with the images of the release
// by digest as the default.
func writeChart(o options, digests map[string]string) error {
	version := strings.TrimPrefix(o.version, "v") // as in OCI registries
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	root := os.DirFS(filepath.Join(o.checkout, "charts", "pod-identity"))
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		text, err := chartFile(name, string(content), o.registry, version, o.version, digests)
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "pod-identity/" + name, Size: int64(len(text)), Mode: 0o644}); err != nil {
			return err
		}
		_, err = archive.Write([]byte(text))
		return err
	})
	if err := errors.Join(err, archive.Close(), zipped.Close()); err != nil {
		return fmt.Errorf("pack the chart: %w", err)
	}
	return write(o.out, "pod-identity-"+version+".tgz", packed.Bytes())
}

// chartFile is a file of the chart as a release has it. Each line that it replaces must be there, rather than that a chart of a release
// would install the images of none.
func chartFile(name, text, registry, version, tag string, digests map[string]string) (string, error) {
	replaced := map[string]map[string]string{
		"Chart.yaml": {"\nversion: 0.0.0\n": "\nversion: " + version + "\n", "\nappVersion: dev\n": "\nappVersion: " + tag + "\n"},
		"values.yaml": {
			"\n  registry: podidentity\n": "\n  registry: " + registry + "\n",
			"\n    webhook: \"\"\n":       "\n    webhook: " + digests["webhook"] + "\n",
			"\n    sidecar: \"\"\n":       "\n    sidecar: " + digests["sidecar"] + "\n",
			"\n    auth: \"\"\n":          "\n    auth: " + digests["auth"] + "\n",
		},
	}[name]
	for before, after := range replaced {
		if strings.Count(text, before) != 1 {
			return "", fmt.Errorf("%s of the chart must have the line %q once", name, strings.TrimSpace(before))
		}
		text = strings.Replace(text, before, after, 1)
	}
	return text, nil
}
