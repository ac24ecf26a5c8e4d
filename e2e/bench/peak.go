package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/e2e/machine/node"
	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	peakPods = 3
	// peakRequests are made of one pod, while peakProcesses exchanges and probes run in the container of its sidecar.
	peakRequests  = 20_000
	peakProcesses = 10
	// reserved is the default of --requests, 12Mi.
	reserved = 12 << 20

	sidecarName   = "pod-identity"
	inPodAddress  = "127.0.0.1:2711"
	authorization = "root/var/run/secrets/podidentity.dev/authorization/token"
)

// peaks is what a pod should reserve for its sidecar: the most that the kernel has counted in the container, of which the memory of
// processes, of the kernel for them and of the volume in memory are part.
func (r *Run) peaks(ctx context.Context, p *platform.Platform, a *api) error {
	r.Log("the cluster: the memory of the sidecars of %d pods", peakPods)
	var all []int64
	for i := range peakPods {
		peak, err := a.peakOf(ctx, p, fmt.Sprintf("peak-%d", i))
		if err != nil {
			return err
		}
		all = append(all, peak)
	}
	r.add(Row{What: "sidecar's container: memory at its peak", Unit: "MB", Budget: reserved / megabyte, Measured: float64(slices.Max(all)) / megabyte,
		Note: fmt.Sprintf("the kernel's own count, the most of %d pods (%.1f at the least), over start, %d GETs of %d clients, and %d `exchange` and `probe` side by side meanwhile; "+
			"the budget is what is reserved", peakPods, float64(slices.Min(all))/megabyte, peakRequests, clients, peakProcesses)})
	return nil
}

// peakOf runs a pod, and returns the most memory that its sidecar has used.
func (a *api) peakOf(ctx context.Context, p *platform.Platform, name string) (int64, error) {
	if _, err := a.do(ctx, http.MethodPost, podsPath(startNamespace), application(name, p.CLIImage)); err != nil {
		return 0, err
	}
	sidecar, err := a.sidecarOf(ctx, name)
	if err != nil {
		return 0, err
	}
	group, groupCtx := errgroup.WithContext(ctx)
	for range clients {
		group.Go(func() error { return sidecar.burst(groupCtx, peakRequests/clients) })
	}
	for _, command := range []string{"exchange", "probe"} {
		group.Go(func() error {
			for range peakProcesses {
				if _, err := p.Cluster.Kubectl(groupCtx, nil, "exec", "--namespace="+startNamespace, name, "--container="+sidecarName, "--", "/sidecar", command); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	peak, err := sidecar.peak()
	if err != nil {
		return 0, err
	}
	_, err = a.do(ctx, http.MethodDelete, podsPath(startNamespace)+"/"+name, nil)
	return peak, err
}

// sidecarOf waits until a pod is ready, and finds the process of its sidecar.
func (a *api) sidecarOf(ctx context.Context, name string) (process, error) {
	pod, err := a.readyPod(ctx, podsPath(startNamespace)+"/"+name)
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(pod.Status.InitContainerStatuses, func(s corev1.ContainerStatus) bool { return s.Name == sidecarName })
	if i < 0 {
		return 0, errors.New("the pod has no sidecar")
	}
	_, id, _ := strings.Cut(pod.Status.InitContainerStatuses[i].ContainerID, "://")
	return mainProcess(id)
}

// mainProcess is the first process of a container.
func mainProcess(container string) (process, error) {
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	var all []int
	for _, file := range groups {
		// Processes end while we look.
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), container) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				return 0, err
			}
			all = append(all, pid)
		}
	}
	if len(all) == 0 {
		return 0, errors.New("the sidecar has no process")
	}
	return process(slices.Min(all)), nil
}

// burst asks the sidecar for credentials from the network of its pod.
func (p process) burst(ctx context.Context, n int) error {
	token, err := os.ReadFile(p.path(authorization))
	if err != nil {
		return fmt.Errorf("read the authorization token of the pod: %w", err)
	}
	c := clientOf(inPodAddress, token)
	return node.InNetworkOf(int(p), func() error {
		var answer bytes.Buffer
		for range n {
			if err := c.get(ctx, &answer); err != nil {
				return err
			}
		}
		return nil
	})
}

// peak is the most memory that the container of a process has used, in bytes.
func (p process) peak() (int64, error) {
	text, err := os.ReadFile(p.path("cgroup"))
	if err != nil {
		return 0, fmt.Errorf("find the cgroup of the sidecar: %w", err)
	}
	count, err := os.ReadFile(peakFile(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the peak of the sidecar's memory: %w", err)
	}
	return strconv.ParseInt(strings.TrimSpace(string(count)), 10, 64)
}

// peakFile is where the kernel counts: in a hierarchy of its own on cgroup v1.
func peakFile(cgroups string) (file string) {
	for line := range strings.Lines(cgroups) {
		fields := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(fields) != 3:
		case fields[1] == "memory":
			return filepath.Join("/sys/fs/cgroup/memory", fields[2], "memory.max_usage_in_bytes")
		case fields[0] == "0":
			file = filepath.Join("/sys/fs/cgroup", fields[2], "memory.peak")
		}
	}
	return file
}
