package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/cluster"
	"github.com/podidentity/podidentity/e2e/machine/binaries"
)

func TestAClusterRunsAJobWithANativeSidecarAndLeavesNothingBehind(t *testing.T) {
	const name = "cluster-test"
	set := programs(t)
	before := traces(t, name)
	c := start(t, name, set)
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := c.LoadImage(t.Context(), testApp(t)); err != nil {
		t.Fatal(err)
	}
	kubectl(t, c, "apply", "--filename=testdata/job.yaml")
	kubectl(t, c, "wait", "--namespace=test", "--for=condition=Complete", "job/app", "--timeout=3m")
	if logs := kubectl(t, c, "logs", "--namespace=test", "job/app", "--container=app"); !strings.Contains(logs, "200 OK") {
		t.Errorf("the Job's log is %q", logs)
	}
	kubectl(t, c, "wait", "--namespace=test", "--for=condition=Ready", "pod/server", "--timeout=3m")
	kubectl(t, c, "exec", "--namespace=test", "server", "--", "/app", "wait")
	// The ConfigMap of the CA may come to a new namespace a moment after its pods, which a kubelet tells as FailedMount.
	for line := range strings.Lines(kubectl(t, c, "describe", "pod", "--namespace=test")) {
		if strings.Contains(line, "Warning") && !strings.Contains(line, "FailedMount") {
			t.Errorf("there is a warning: %s", line)
		}
	}
	if opened, err := cluster.Open(name, t.Logf); err != nil || opened.Kubeconfig() != c.Kubeconfig() || opened.Binaries != set || opened.Family != c.Family {
		t.Errorf("Open of a running cluster: %v", err)
	}
	if _, err := cluster.Start(t.Context(), cluster.Config{Name: name, Binaries: set, Log: t.Logf}); err == nil {
		t.Error("a cluster of a name in use was started")
	}
	if report, err := c.Diagnose(); err != nil || report != "" {
		t.Errorf("Diagnose: %v\n%s", err, report)
	}

	begin := time.Now()
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log("stopped in", time.Since(begin))
	assertNothingNew(t, before, name)
	if err := cluster.Remove(t.Context(), name); err != nil {
		t.Errorf("remove a cluster that is not there: %v", err)
	}
}

func TestAnInterruptedStartLeavesNothingBehind(t *testing.T) {
	const name = "interrupted"
	set := programs(t)
	before := traces(t, name)
	// Interrupted as soon as there is such a file.
	for _, file := range []string{"", "config/ca.crt", "processes/init", "processes/etcd", "pause/pause.tar", "processes/kubelet"} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			defer cancel()
			for !exists(filepath.Join(cluster.Root, name, file)) && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
		}()
		c, err := cluster.Start(ctx, cluster.Config{Name: name, Binaries: set, Log: t.Logf})
		cancel()
		if err == nil {
			err = c.Stop(t.Context())
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a start interrupted when there was %q: %v", file, err)
		}
		assertNothingNew(t, before, name)
	}
}

func TestAComponentThatEndsEndsTheStart(t *testing.T) {
	const name = "broken"
	set := programs(t)
	before := traces(t, name)
	broken := t.TempDir()
	script := []byte("#!/bin/sh\necho no space left on device >&2\nexit 7\n")
	if err := os.WriteFile(filepath.Join(broken, "etcd"), script, 0o755); err != nil {
		t.Fatal(err)
	}
	set.Etcd = broken
	_, err := cluster.Start(t.Context(), cluster.Config{Name: name, Binaries: set, Log: t.Logf})
	if err == nil || !strings.Contains(err.Error(), "etcd ended (exit status 7)") || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("start with a broken etcd: %v", err)
	}
	assertNothingNew(t, before, name)
}

func TestAStartAfterAKilledOneRemovesWhatThatLeft(t *testing.T) {
	const name = "killed"
	set := programs(t)
	before := traces(t, name)
	for _, after := range []time.Duration{500 * time.Millisecond, 4 * time.Second} {
		killed := exec.CommandContext(t.Context(), os.Args[0])
		killed.Env = append(os.Environ(), "CLUSTER_TO_START="+name)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(after)
		if err := killed.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := killed.Wait(); err == nil {
			t.Fatal("it was not killed")
		}
	}
	if err := start(t, name, set).Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	assertNothingNew(t, before, name)
}

// TestMain is also the program that TestAStartAfterAKilledOneRemovesWhatThatLeft kills while it starts a cluster.
func TestMain(m *testing.M) {
	name := os.Getenv("CLUSTER_TO_START")
	if name == "" {
		os.Exit(m.Run())
	}
	ctx, log := context.Background(), func(string, ...any) {}
	set, err := binaries.Build(ctx, log)
	if err == nil {
		_, err = cluster.Start(ctx, cluster.Config{Name: name, Binaries: set, Log: log})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	select {}
}
