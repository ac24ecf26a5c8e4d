// Package node is a machine within the machine: a network, process and mount namespace and a cgroup of its own, in which
// daemons run as they would on a machine that is theirs alone. Killing its first process ends every other one in it and
// takes every mount with it, so that removing a node leaves nothing behind, however it came to its end.
package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Config says what a node is made of.
type Config struct {
	// Name is the name of its network namespace and of its cgroup.
	Name string
	// Dir is its directory. It exists on the host and in the node under the same path.
	Dir string
	// Init is the static program that becomes process 1: it must print a line once it runs, reap orphans, and do nothing else.
	Init string
	// Keep are further directories of the host that must be seen in the node although it covers /var/lib, /var/log and /run.
	Keep []string
}

// Node is a running node.
type Node struct {
	name string
	dir  string
	init record
}

// Create makes a node and its first process. A node of the same name must have been removed before.
func Create(ctx context.Context, config Config) (*Node, error) {
	if err := createCgroups(config.Name); err != nil {
		return nil, fmt.Errorf("create cgroup %s: %w", config.Name, err)
	}
	if err := addNetwork(ctx, config.Name); err != nil {
		return nil, err
	}
	for _, dir := range []string{logs(config.Dir), records(config.Dir), filepath.Join(config.Dir, "tmp")} {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return nil, fmt.Errorf("create directory of the node: %w", err)
		}
	}
	n := &Node{name: config.Name, dir: config.Dir}
	if err := n.boot(ctx, config); err != nil {
		return nil, fmt.Errorf("start the first process of the node: %w", err)
	}
	return n, nil
}

// Open finds a node that is already running.
func Open(name, dir string) (*Node, error) {
	first, err := readRecord(filepath.Join(records(dir), initName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no node %s: %w", name, err)
	}
	if err != nil {
		return nil, err
	}
	if !first.alive() {
		return nil, fmt.Errorf("node %s has stopped: its first process, %d, is gone", name, first.pid)
	}
	return &Node{name: name, dir: dir, init: first}, nil
}

// Remove ends every process of a node and removes its namespaces, its cgroup and its directory. A node that does not exist, or
// only half, is no error: whatever there is of it goes. It needs no record of what was started, because whatever runs in the
// network namespace or in the cgroup of that name is the node's by construction.
func Remove(ctx context.Context, name, dir string) error {
	if err := killMembers(ctx, name); err != nil {
		return fmt.Errorf("end the processes of node %s: %w", name, err)
	}
	return errors.Join(
		removeNetwork(name),
		removeCgroups(ctx, name),
		removeDir(dir),
	)
}

func logs(dir string) string    { return filepath.Join(dir, "logs") }
func records(dir string) string { return filepath.Join(dir, "processes") }
