package cluster

import (
	"encoding/json"
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
	// configFile has what the cluster was started with.
	configFile = "cluster.json"
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
	return filepath.Join(append([]string{stateDir(c.Name)}, elements...)...)
}

func (c *Cluster) writeConfig() error {
	text, err := json.Marshal(c.Config)
	if err != nil {
		return fmt.Errorf("record what the cluster is made of: %w", err)
	}
	return c.writeFile(configFile, text)
}

func (c *Cluster) readConfig() error {
	text, err := os.ReadFile(c.file(configFile))
	if err == nil {
		err = json.Unmarshal(text, &c.Config)
	}
	if err != nil {
		return fmt.Errorf("find out what cluster %s is made of: %w", c.Name, err)
	}
	// The cache may have been emptied to free space.
	if _, err := os.Stat(c.kubernetes("kubectl")); err != nil {
		return fmt.Errorf("cluster %s is made of programs that are gone from %s", c.Name, c.Binaries.Kubernetes)
	}
	return nil
}
