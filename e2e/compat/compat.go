// Package compat runs suites on clusters of several kinds, and writes into docs/compatibility.md what it has seen of each.
package compat

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/document"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/platform"
)

// kind is a kind of cluster, and a row of a table.
type kind struct {
	// name is the first cell of the row.
	name string
	// env chooses the cluster in the environment of a suite.
	env []string
	// kubernetes is said beside the node where name does not say it.
	kubernetes string
}

// table is a table of kinds, each of which passes all suites.
type table struct {
	// title is what the mark in the document says of it.
	title string
	// first is the head of the first column.
	first  string
	kinds  []kind
	suites []string
}

// tables are all. Versions are what the modules of machine/binaries pin, the oldest first.
func tables(versions []string) []table {
	var servers []kind
	for _, version := range versions {
		servers = append(servers, kind{name: version, env: []string{"KUBERNETES=" + version}})
	}
	newest := versions[len(versions)-1]
	return []table{
		{title: "servers", first: "Kubernetes", kinds: servers, suites: []string{"walkthrough", "injection", "reconciliation", "upgrade"}},
		{title: "networks", first: "addresses", suites: []string{"walkthrough", "auth"}, kinds: []kind{
			family(cluster.IPv6, newest), family(cluster.DualStack, newest),
		}},
	}
}

func family(f cluster.Family, newest string) kind {
	return kind{name: string(f), env: []string{"IP_FAMILY=" + string(f)}, kubernetes: "Kubernetes " + newest + ", "}
}

// Run runs the suites on the kinds of these names, or on all, and writes a row as soon as all of its suites have passed: a run takes long,
// and what fails in one row says nothing of another.
func Run(ctx context.Context, names []string, log platform.Log) error {
	root, err := platform.Root(ctx)
	if err != nil {
		return err
	}
	versions, err := binaries.KubernetesVersions(filepath.Join(root, "e2e"))
	if err != nil {
		return err
	}
	all := tables(versions)
	if err := check(all, names); err != nil {
		return err
	}
	var failed error
	for _, t := range all {
		page := document.Table{File: filepath.Join(root, "docs", "compatibility.md"), Command: "make compat, " + t.title}
		for _, k := range t.kinds {
			if len(names) > 0 && !slices.Contains(names, k.name) {
				continue
			}
			failed = errors.Join(failed, t.run(ctx, k, page, log))
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
	return failed
}

// check complains about names that nothing has.
func check(all []table, names []string) error {
	var known []string
	for _, t := range all {
		for _, k := range t.kinds {
			known = append(known, k.name)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no cluster %q to run suites on: CLUSTERS must be some of %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// run runs all suites on one kind, and writes its row if they pass.
func (t table) run(ctx context.Context, k kind, page document.Table, log platform.Log) error {
	cells := []string{k.name}
	var failed error
	for _, suite := range t.suites {
		log("%s: suite %s", k.name, suite)
		seen, err := runSuite(ctx, suite, k.env)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", k.name, err))
			continue
		}
		log("%s: suite %s: %s", k.name, suite, seen)
		cells = append(cells, seen.String())
	}
	if failed != nil {
		return failed
	}
	where, err := describeNode(ctx)
	if err != nil {
		return err
	}
	old, err := page.Read()
	if err != nil {
		return err
	}
	return page.Write(t.with(old, append(cells, k.kubernetes+where, time.Now().UTC().Format(time.DateOnly))))
}
