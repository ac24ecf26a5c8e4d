package main

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// checkout has what a release is made of: the project's own Dockerfile and manifests, and a small program in place of each binary.
func checkout(t *testing.T, program []byte) (directory string) {
	t.Helper()
	directory = t.TempDir()
	copyOf(t, directory, "Dockerfile", "manifests", "charts")
	place(t, directory, "bin/ca-certificates.crt", []byte("certificates"), 0o600)
	for _, architecture := range []string{"amd64", "arm64"} {
		for _, name := range []string{"webhook", "sidecar", "auth"} {
			// So that no two are the same.
			place(t, directory, "bin/"+architecture+"/"+name, append(program, architecture+name...), 0o700)
		}
		for _, system := range []string{"linux", "darwin"} {
			place(t, directory, "bin/"+system+"/"+architecture+"/kubectl-pod_identity", append(program, "plugin for "+system+"/"+architecture...), 0o700)
		}
	}
	return directory
}

// copyOf copies parts of the project.
func copyOf(t *testing.T, directory string, names ...string) {
	t.Helper()
	for _, name := range names {
		if out, err := exec.CommandContext(t.Context(), "cp", "-r", filepath.Join("..", name), directory).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

func place(t *testing.T, directory, name string, content []byte, mode fs.FileMode) {
	t.Helper()
	path := filepath.Join(directory, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}

// program is a binary of Go that has dependencies.
func program(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cacerts")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./cacerts").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

const published = "registry.example.com/podidentity"

// released runs the command that make release runs.
func released(t *testing.T, checkout string, arguments ...string) (directory string, err error) {
	t.Helper()
	directory = filepath.Join(checkout, "dist")
	arguments = append([]string{"dist", "--checkout=" + checkout, "--out=" + directory, "--registry=" + published, "--version=v1.2.3"}, arguments...)
	return directory, run(context.Background(), arguments, io.Discard)
}

// contents of all files below a directory.
func contents(t *testing.T, directory string) map[string]string {
	t.Helper()
	all := map[string]string{}
	root := os.DirFS(directory)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
