package preview

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// source is one file, or standard input.
type source struct {
	name string
	text []byte
}

// readSources returns what it can read of all paths, and the errors of the others.
func readSources(paths []string, stdin io.Reader) ([]source, error) {
	var sources []source
	var errs []error
	for _, path := range paths {
		read, err := readPath(path, stdin)
		sources = append(sources, read...)
		errs = append(errs, err)
	}
	return sources, errors.Join(errs...)
}

func readPath(path string, stdin io.Reader) ([]source, error) {
	if path == "-" {
		return readStdin(stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	return readFile(path)
}

func readStdin(stdin io.Reader) ([]source, error) {
	if file, ok := stdin.(*os.File); ok && isTerminal(file) {
		// Without this, the command would seem to hang for those who forget -f.
		return nil, nil
	}
	text, err := io.ReadAll(stdin)
	if err != nil {
		return nil, fileError("standard input", err)
	}
	return []source{{name: "standard input", text: text}}, nil
}

func isTerminal(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

func readFile(path string) ([]source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	return []source{{name: path, text: text}}, nil
}

// readDirectory reads the manifests in a directory but, like kubectl, not those in its subdirectories.
func readDirectory(path string) ([]source, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	var manifests []string
	for _, entry := range entries {
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			manifests = append(manifests, filepath.Join(path, entry.Name()))
		}
	}
	if len(manifests) == 0 {
		return nil, fmt.Errorf("%s: the directory has no *.yaml, *.yml or *.json: name another with -f", path)
	}
	var sources []source
	var errs []error
	for _, manifest := range manifests {
		read, err := readFile(manifest)
		sources = append(sources, read...)
		errs = append(errs, err)
	}
	return sources, errors.Join(errs...)
}

// fileError removes the path from an error of the file system, since every message begins with it.
func fileError(path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("%s: %w: name a file or directory that can be read", path, err)
}
