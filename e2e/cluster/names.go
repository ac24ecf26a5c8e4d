package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const (
	// Root is the directory of all clusters, short because the path of a unix socket has at most 107 characters.
	Root = "/var/lib/podidentity-e2e"
	// nameRule leaves room for the prefix: a node's name is at most 63 characters, and this one is also a file's.
	nameRule = `^[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?$`
	// familyFile has the cluster's family.
	familyFile = "family"
)

// checkName refuses what cannot be the name of a node, a file, a network namespace and a cgroup.
func checkName(name string) error {
	if !regexp.MustCompile(nameRule).MatchString(name) {
		return fmt.Errorf("cluster name %q is not valid: use at most 30 lower-case letters, digits and hyphens", name)
	}
	return nil
}

// nodeName is the name of the cluster's node, of its network namespace and of its cgroup.
func nodeName(name string) string { return "podidentity-" + name }

// stateDir is the directory that holds everything of the cluster.
func stateDir(name string) string { return filepath.Join(Root, name) }

func (c *Cluster) path(elements ...string) string {
	return filepath.Join(append([]string{stateDir(c.name)}, elements...)...)
}

// writeFamily notes the family for Open.
func (c *Cluster) writeFamily() error { return c.writeFile(familyFile, []byte(c.family)) }

func (c *Cluster) readFamily() error {
	text, err := os.ReadFile(c.file(familyFile))
	if err != nil {
		return fmt.Errorf("find out the addresses of cluster %s: %w", c.name, err)
	}
	c.family = Family(text)
	return nil
}
