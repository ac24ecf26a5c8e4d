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

// source is one file, or standard input, as it is.
type source struct {
	name string
	text []byte
}

// readSources reads all paths, and returns beside what it could read the complaints about the others.
func readSources(paths []string, stdin io.Reader) ([]source, error) {
	var sources []source
	var complaints []error
	for _, path := range paths {
		read, err := readPath(path, stdin)
		if err != nil {
			complaints = append(complaints, err)
		}
		sources = append(sources, read...)
	}
	return sources, errors.Join(complaints...)
}

func readPath(path string, stdin io.Reader) ([]source, error) {
	if path == "-" {
		return readStdin(stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if info.IsDir() {
		return readFolder(path)
	}
	return readFile(path)
}

func readStdin(stdin io.Reader) ([]source, error) {
	if file, is := stdin.(*os.File); is && isTerminal(file) {
		// Nobody who forgot -f should wonder what the command waits for.
		return nil, nil
	}
	text, err := io.ReadAll(stdin)
	if err != nil {
		return nil, unreadable("standard input", err)
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
		return nil, unreadable(path, err)
	}
	return []source{{name: path, text: text}}, nil
}

// readFolder reads the manifests of a folder and, as kubectl does, none of the folders in it.
func readFolder(path string) ([]source, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	var manifests []string
	for _, entry := range entries {
		if !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			manifests = append(manifests, filepath.Join(path, entry.Name()))
		}
	}
	if len(manifests) == 0 {
		return nil, fmt.Errorf("%s: the folder has no *.yaml, *.yml or *.json: name another after -f", path)
	}
	var sources []source
	var complaints []error
	for _, manifest := range manifests {
		read, err := readFile(manifest)
		sources = append(sources, read...)
		complaints = append(complaints, err)
	}
	return sources, errors.Join(complaints...)
}

// unreadable words an error of the file system without its path, which comes first in every complaint.
func unreadable(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%s: %w: name a file or folder that can be read", path, err)
}
