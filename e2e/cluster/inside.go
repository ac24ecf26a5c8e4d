package cluster

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/node"
)

// Run starts another daemon next to the cluster's components, in the same network, where pods reach it at Address. It ends
// with the cluster; its output goes to its log. The program must be one of the cluster's binaries, or lie outside /var/lib,
// /var/log and /run, which the node has its own of; what it writes belongs below Dir.
func (c *Cluster) Run(name string, env []string, argv ...string) (*node.Process, error) {
	return c.node.Start(name, env, argv...)
}

// Dir is a directory of the cluster for a daemon of that name. It goes with the cluster.
func (c *Cluster) Dir(name string) string { return c.path("data", name) }

// CA is the path of the certificate by which the API server is known.
func (c *Cluster) CA() string { return c.file("ca.crt") }

// Issuer is the URL of the issuer of service account tokens, as seen from within the cluster's network.
func (c *Cluster) Issuer() string { return c.apiServerURL() }

// Dial opens a connection from within the cluster's network; it fits http.Transport and rest.Config. The address must be a
// literal one: there is no DNS.
func (c *Cluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return c.node.Dial(ctx, network, address)
}

// Configure runs iproute2's commands, one a line, in the cluster's network.
func (c *Cluster) Configure(ctx context.Context, commands string) error {
	return c.node.Configure(ctx, commands)
}

// Processes are those of the node and of its pods, by id.
func (c *Cluster) Processes() ([]int, error) { return c.node.Processes() }

// LogPath is the file that holds the log of a component: "kube-apiserver", "kubelet", "containerd", ...
func (c *Cluster) LogPath(component string) string { return c.node.LogPath(component) }

// LogTail returns the last lines of the log of a component.
func (c *Cluster) LogTail(component string) string { return c.node.LogTail(component) }

// Diagnose says which components have ended, with the end of their logs: what a failed test should print first. All is well if
// it says nothing.
func (c *Cluster) Diagnose() (string, error) {
	names, err := c.node.Daemons()
	if err != nil {
		return "", err
	}
	var report strings.Builder
	for _, name := range names {
		running, err := c.node.Running(name)
		if err != nil {
			return "", err
		}
		if !running {
			fmt.Fprintf(&report, "%s has ended; the end of its log:\n%s\n", name, c.node.LogTail(name))
		}
	}
	return report.String(), nil
}
