package main

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// bundle is all that a cluster without internet needs: an OCI archive of the images, with the manifests beside them, which tools
// that read such an archive pass over.
const bundle = "pod-identity.tar"

func writeBundle(directory string) (err error) {
	file, err := os.Create(filepath.Join(directory, bundle))
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	archive := tar.NewWriter(file)
	layout := os.DirFS(filepath.Join(directory, "images"))
	if err := addAll(archive, layout, ".", ""); err != nil {
		return err
	}
	manifests, err := fs.Glob(os.DirFS(directory), "*.yaml")
	if err != nil {
		return fmt.Errorf("list the manifests: %w", err)
	}
	charts, err := fs.Glob(os.DirFS(directory), "*.tgz")
	if err != nil {
		return fmt.Errorf("list the charts: %w", err)
	}
	for _, name := range append(manifests, charts...) {
		if err := addAll(archive, os.DirFS(directory), name, "manifests/"); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}

// addAll adds a file, or all files of a directory in the order of their names, without times and owners.
func addAll(archive *tar.Writer, from fs.FS, root, prefix string) error {
	return fs.WalkDir(from, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: prefix + name, Size: info.Size(), Mode: 0o644}); err != nil {
			return fmt.Errorf("add %s to the bundle: %w", name, err)
		}
		content, err := from.Open(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		defer func() { _ = content.Close() }() // only read from
		if _, err := io.Copy(archive, content); err != nil {
			return fmt.Errorf("add %s to the bundle: %w", name, err)
		}
		return nil
	})
}
