package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// admin is the file name of the administrator's kubeconfig.
const admin = "admin"

// kubectlScript is kubectl for a person on the host. It leaves nothing in that person's home, and goes past any proxy.
const kubectlScript = `#!/bin/sh
# kubectl for the cluster %[1]s, whose network only root can enter.
export KUBECONFIG='%[2]s' KUBECACHEDIR='%[3]s' KUBERC=off NO_PROXY='*' no_proxy='*'
exec nsenter --net='/run/netns/%[4]s' -- '%[5]s' "$@"
`

// Kubeconfig is the path of the administrator's kubeconfig. It is of use within the cluster's network only: by KubectlPath, or
// with Dial as the Dial of a rest.Config.
func (c *Cluster) Kubeconfig() string { return c.file(admin + ".kubeconfig") }

// KubectlPath is the path of a kubectl that a person can call from the host.
func (c *Cluster) KubectlPath() string { return c.path("kubectl") }

func (c *Cluster) writeKubectl() error {
	script := fmt.Appendf(nil, kubectlScript,
		c.Name, c.Kubeconfig(), c.path("kubectl-cache"), nodeName(c.Name), c.kubernetes("kubectl"))
	//nolint:gosec // a person calls it
	if err := os.WriteFile(c.KubectlPath(), script, 0o700); err != nil {
		return fmt.Errorf("write kubectl: %w", err)
	}
	return nil
}

// Command is a program on the host, in the cluster's network, that reaches the cluster as its administrator.
func (c *Cluster) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"--net=/run/netns/" + nodeName(c.Name), "--", program}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig(), "NO_PROXY=*", "no_proxy=*")
	return cmd
}

// Kubectl runs kubectl as the cluster's administrator and returns what it printed. The error says what it complained about.
func (c *Cluster) Kubectl(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.KubectlPath(), args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
