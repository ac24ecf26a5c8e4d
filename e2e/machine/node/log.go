package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tailLines is how much of a log says why its daemon ended: enough for a Go panic's first goroutine.
const tailLines = 30

// LogPath is the file to which a daemon's output goes.
func (n *Node) LogPath(name string) string { return filepath.Join(logs(n.dir), name+".log") }

// LogTail returns the last lines of a daemon's log, or why there are none.
func (n *Node) LogTail(name string) string {
	text, err := os.ReadFile(n.LogPath(name))
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	return tail(string(text), tailLines)
}

// tail returns the last lines of a text.
func tail(text string, lines int) string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

// Daemons returns the names of all daemons that were ever started in the node.
func (n *Node) Daemons() ([]string, error) {
	entries, err := os.ReadDir(records(n.dir))
	if err != nil {
		return nil, fmt.Errorf("list daemons: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.Name() != initName {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Running reports whether a daemon of this name runs.
func (n *Node) Running(name string) (bool, error) {
	process, err := readRecord(filepath.Join(records(n.dir), name))
	if err != nil {
		return false, err
	}
	return process.alive(), nil
}
