// Package compat runs suites on clusters of several kinds, and writes into docs/compatibility.md what it has seen of each.
package compat

import (
	"context"
	"errors"
	"fmt"
	"os"
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

// table is a table of kinds, and of the suites that are run on each.
type table struct {
	// title is what the mark in the document says of it.
	title string
	// first is the head of the first column.
	first  string
	kinds  []kind
	suites []string
}

// tables are all. Versions are what the modules of machine/binaries pin, the oldest first.
func tables(kubernetes, containerd []string) []table {
	var servers, runtimes []kind
	for _, version := range kubernetes {
		servers = append(servers, kind{name: version, env: []string{"KUBERNETES=" + version}})
	}
	newest := kubernetes[len(kubernetes)-1]
	ofNodes := []string{"walkthrough", "injection", "reconciliation", "policies", "upgrade"}
	for _, version := range containerd {
		runtimes = append(runtimes, kind{name: "containerd-" + version, env: []string{"CONTAINERD=" + version}, kubernetes: "Kubernetes " + newest + ", "})
	}
	return []table{
		{title: "servers", first: "Kubernetes", kinds: servers, suites: ofNodes},
		{title: "networks", first: "addresses", suites: []string{"walkthrough", "auth", "monitoring", "injection", "reconciliation", "attack", "plugin", "chart"}, kinds: []kind{
			family(cluster.IPv6, newest), family(cluster.DualStack, newest), family(cluster.DualStackIPv6, newest),
		}},
		{title: "runtimes", first: "container runtime", kinds: runtimes, suites: ofNodes},
	}
}

func family(f cluster.Family, newest string) kind {
	return kind{name: string(f), env: []string{"IP_FAMILY=" + string(f)}, kubernetes: "Kubernetes " + newest + ", "}
}

// Run runs suites on kinds of clusters: those that are named, or all. It writes each outcome as soon as the suite has passed: a run takes
// long, and what fails in one place says nothing of another.
func Run(ctx context.Context, clusters, suites []string, log platform.Log) error {
	root, err := platform.Root(ctx)
	if err != nil {
		return err
	}
	kubernetes, err := binaries.KubernetesVersions(filepath.Join(root, "e2e"))
	if err != nil {
		return err
	}
	containerd, err := binaries.ContainerdVersions(filepath.Join(root, "e2e"))
	if err != nil {
		return err
	}
	all := tables(kubernetes, containerd)
	if err := check(all, clusters, suites); err != nil {
		return err
	}
	var failed error
	for _, t := range all {
		page := document.Table{File: filepath.Join(root, "docs", "compatibility.md"), Command: "make compat, " + t.title}
		for _, k := range chosen(t.kinds, clusters, kind.String) {
			for _, suite := range chosen(t.suites, suites, strings.Clone) {
				failed = errors.Join(failed, t.run(ctx, k, suite, page, log))
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
			}
		}
	}
	return failed
}

func (k kind) String() string { return k.name }

// variable is what a suite on this kind finds in its environment.
func (k kind) variable(name string) string {
	for _, each := range k.env {
		if value, ok := strings.CutPrefix(each, name+"="); ok {
			return value
		}
	}
	return os.Getenv(name)
}

// chosen are those of all that are named, or all if none is.
func chosen[T any](all []T, names []string, name func(T) string) []T {
	if len(names) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(one T) bool { return !slices.Contains(names, name(one)) })
}

// check complains about names that nothing has.
func check(all []table, clusters, suites []string) error {
	var kinds, known []string
	for _, t := range all {
		for _, k := range t.kinds {
			kinds = append(kinds, k.name)
		}
		known = append(known, t.suites...)
	}
	complain := func(what, variable string, names, known []string) error {
		for _, name := range names {
			if !slices.Contains(known, name) {
				return fmt.Errorf("there is no %s %q here: %s must be some of %s", what, name, variable, strings.Join(known, ", "))
			}
		}
		return nil
	}
	return errors.Join(complain("cluster", "CLUSTERS", clusters, kinds), complain("suite", "SUITES", suites, slices.Compact(slices.Sorted(slices.Values(known)))))
}

// run runs a suite on a kind, and writes its cell if it passes.
func (t table) run(ctx context.Context, k kind, suite string, page document.Table, log platform.Log) error {
	log("%s: suite %s", k.name, suite)
	seen, err := runSuite(ctx, suite, k.env)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	log("%s: suite %s: %s", k.name, suite, seen)
	containers, err := binaries.BuildRuntime(ctx, k.variable("CONTAINERD"), log)
	if err != nil {
		return err
	}
	node, err := describeNode(ctx, containers)
	if err != nil {
		return err
	}
	old, err := page.Read()
	if err != nil {
		return err
	}
	cell := seen.String() + ", " + time.Now().UTC().Format(time.DateOnly)
	return page.Write(t.with(old, k.name, map[string]string{suite: cell, nodeColumn: k.kubernetes + node}))
}
