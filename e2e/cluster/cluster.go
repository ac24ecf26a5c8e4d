// Package cluster runs a real Kubernetes with one node on this machine: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, kube-proxy, kubelet and containerd, all in a node of their own (package node), so that clusters of several
// names run side by side and removing one leaves nothing behind.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/podidentity/podidentity/e2e/machine/binaries"
	"github.com/podidentity/podidentity/e2e/machine/node"
)

// startTimeout is several times what a start takes on two cores.
const startTimeout = 10 * time.Minute

// Config says which cluster to start. A cluster has a record of it, for Open.
type Config struct {
	// Name tells clusters on one machine apart.
	Name string
	// Binaries are the programs that it is made of.
	Binaries binaries.Set
	// Family says of which families its addresses are.
	Family Family
	// Log gets a line for each step. t.Logf fits.
	Log func(format string, args ...any) `json:"-"`
}

// Cluster is a running cluster.
type Cluster struct {
	// Config is what it was started with.
	Config

	node     *node.Node
	reserved net.Listener
	// fail ends the start when a component ends before it is done.
	fail context.CancelCauseFunc
}

// Start starts a cluster and returns when pods can run on it. It first removes one of the same name, whether a crashed run left
// it or a finished one on purpose; only while the program that started it still runs, and has not stopped it, is the name taken.
// If it fails, or ctx ends, nothing is left behind.
func Start(ctx context.Context, config Config) (*Cluster, error) {
	if err := checkName(config.Name); err != nil {
		return nil, err
	}
	reserved, err := lock(config.Name)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Config: config, reserved: reserved}
	if err := Remove(ctx, config.Name); err != nil {
		return nil, errors.Join(fmt.Errorf("remove the cluster %s of an earlier run: %w", config.Name, err), reserved.Close())
	}
	begin := time.Now()
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start cluster %s: %w", config.Name, err), c.Stop(context.WithoutCancel(ctx)))
	}
	c.Log("Kubernetes is ready after %s", time.Since(begin).Round(100*time.Millisecond))
	return c, nil
}

// Open finds a cluster that another program has started and left running, whatever it is made of. The error is os.ErrNotExist if there is none.
func Open(name string, log func(format string, args ...any)) (*Cluster, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	n, err := node.Open(nodeName(name), stateDir(name))
	if err != nil {
		return nil, fmt.Errorf("open cluster %s: %w", name, err)
	}
	c := &Cluster{Config: Config{Name: name, Log: log}, node: n, fail: func(error) {}}
	return c, c.readConfig()
}

// Remove ends a cluster and removes every trace of it: processes, mounts, namespaces, cgroups, files. It works on what any
// start, however it ended, may have left, and is content with nothing.
func Remove(ctx context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := node.Remove(ctx, nodeName(name), stateDir(name)); err != nil {
		return err
	}
	// The last cluster takes the directory of all clusters with it; of any other, the directory is not empty.
	if err := os.Remove(Root); err != nil && !errors.Is(err, os.ErrNotExist) && !notEmpty(err) {
		return fmt.Errorf("remove directory of clusters: %w", err)
	}
	return nil
}

// RemoveAll removes every cluster of this machine, whoever started it.
func RemoveAll(ctx context.Context) error {
	all, err := os.ReadDir(Root)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the clusters of this machine: %w", err)
	}
	for _, entry := range all {
		err = errors.Join(err, Remove(ctx, entry.Name()))
	}
	return err
}

// Stop removes the cluster and gives its name free.
func (c *Cluster) Stop(ctx context.Context) error {
	err := Remove(ctx, c.Name)
	if c.reserved == nil {
		return err
	}
	if closed := c.reserved.Close(); !errors.Is(closed, net.ErrClosed) {
		err = errors.Join(err, closed)
	}
	return err
}
