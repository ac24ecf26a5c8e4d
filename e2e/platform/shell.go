package platform

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/cluster"
)

// Shell runs commands as a person would who administers the cluster, in a directory: kubectl is the cluster's, other programs are those of
// the directories more. It ends with the first command that fails.
type Shell struct {
	Cluster *cluster.Cluster
	Dir     string
	// More are directories of programs; Env are variables.
	More, Env []string
}

// Run returns what the commands printed; the error has what they complained about.
func (s Shell) Run(ctx context.Context, commands string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := s.Cluster.Command(ctx, "bash", "-eu", "-o", "pipefail", "-c", commands)
	path := append([]string{filepath.Dir(s.Cluster.KubectlPath())}, s.More...)
	cmd.Env = append(cmd.Env, s.Env...)
	cmd.Env = append(cmd.Env, "PATH="+strings.Join(path, ":")+":"+pathOf(cmd.Env), "MAKEFLAGS=", "MAKELEVEL=")
	for _, directory := range []string{"CACHE", "CONFIG", "DATA"} {
		cmd.Env = append(cmd.Env, "HELM_"+directory+"_HOME="+s.Cluster.Dir("helm"))
	}
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s: %w: %s%s", commands, err, stdout.String(), strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

func pathOf(env []string) (path string) {
	for _, variable := range env {
		if value, found := strings.CutPrefix(variable, "PATH="); found {
			path = value
		}
	}
	return path
}
