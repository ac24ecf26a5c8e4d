package binaries

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// choice is a product of which several versions are pinned. Each has a module of its own, since the same product can be required
// only once.
type choice struct {
	module
	// variable is the environment variable that chooses the version, such as v1.30.14 or v1.30.
	variable string
}

// all are all versions, the newest last.
func (c choice) all(root string) ([]plan, error) {
	files, err := filepath.Glob(filepath.Join(root, "machine", "binaries", c.name, "*", "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("find the versions of %s: %w", c.title, err)
	}
	var all []plan
	for _, file := range files {
		m := c.module
		m.dir = filepath.Join(c.name, filepath.Base(filepath.Dir(file)))
		p, err := m.plan(root)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("find the versions of %s: there is none in %s", c.title, root)
	}
	slices.SortFunc(all, func(a, b plan) int { return semver.Compare(a.version, b.version) })
	return all, nil
}

// chosen is the version that is wanted, or the one of a minor version.
func (c choice) chosen(all []plan, wanted string) (plan, error) {
	var versions []string
	for _, each := range all {
		if each.version == wanted || strings.HasPrefix(each.version, wanted+".") {
			return each, nil
		}
		versions = append(versions, each.version)
	}
	return plan{}, fmt.Errorf("%s is %s, which no module of machine/binaries/%s pins: set it to one of %s, or leave it out",
		c.variable, wanted, c.name, strings.Join(versions, ", "))
}

// versions are those that can be built, the oldest first.
func (c choice) versions(root string) ([]string, error) {
	all, err := c.all(root)
	if err != nil {
		return nil, err
	}
	versions := make([]string, len(all))
	for i, p := range all {
		versions[i] = p.version
	}
	return versions, nil
}
