// Package scale_test proves that with 10,000 associations and 5,000 pods changes arrive and memory stays within its budget.
package scale_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// budget is the most that a replica may hold in memory, in MB.
const budget = 100

func TestOnAFullCluster(t *testing.T) {
	f := newFixture(t)
	f.fill(t)
	t.Run("kubectl pod-identity check finds that all is well", func(t *testing.T) { check(t, f) })
	f.associateMore(t, fewAssociations, associations)
	// The leader writes their statuses, and should have nothing else to do than what follows.
	f.Do(t, "wait", "pia", fmt.Sprintf("other-%d-account-%d", (associations-1)%others, associations-1), "--for=jsonpath={.status.observedGeneration}=1", "--timeout=3m")
	t.Run("a namespace of one pod does not wait for one of thousands", func(t *testing.T) {
		begin := time.Now()
		f.change(t, "many", "second")
		f.await(t, "many", "second", 1)
		f.change(t, "one", "second")
		changed := time.Now()
		f.await(t, "one", "second", 1)
		one := time.Since(changed)
		if have, err := f.having(t.Context(), "many", "second"); err != nil || have == manyPods {
			t.Errorf("%d pods of the other namespace came first (%v)", have, err)
		}
		f.await(t, "many", "second", manyPods)
		t.Logf("the one was annotated after %s, the last of %d after %s", one.Round(time.Millisecond), manyPods, time.Since(begin).Round(time.Second))
	})
	t.Run("every replica stays within its memory", func(t *testing.T) { memory(t, f) })
	t.Run("a change survives the death of the leader in its middle", func(t *testing.T) {
		f.change(t, "many", "third")
		f.await(t, "many", "third", manyPods/10)
		begin := time.Now()
		kill(t, f)
		f.await(t, "many", "third", manyPods)
		t.Logf("the last pod was annotated %s after the leader was killed", time.Since(begin).Round(time.Second))
	})
	t.Run("a change survives an API server that hangs in its middle for longer than a leader may", func(t *testing.T) {
		before := restarts(t, f)
		f.change(t, "many", "fourth")
		f.await(t, "many", "fourth", manyPods/10)
		hang(t, f, 20*time.Second)
		f.await(t, "many", "fourth", manyPods)
		if after := restarts(t, f); after != before {
			t.Errorf("replicas restarted: %s before and %s after", before, after)
		}
	})
	t.Run("and then every replica stays within its memory", func(t *testing.T) { memory(t, f) })
}

// containers are the webhook's, by pod.
func (f fixture) containers(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	lines := f.Do(t, "get", "pods", "--namespace=pod-identity", `--output=jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID}{"\n"}{end}`)
	for line := range strings.Lines(lines) {
		if pod, id, found := strings.Cut(strings.TrimSpace(line), " "); found {
			all[pod] = id
		}
	}
	return all
}

func memory(t *testing.T, f fixture) {
	for pod, id := range f.containers(t) {
		for _, pid := range platform.Processes(t, id) {
			resident, running := kilobytes(pid, "VmRSS")
			if !running {
				t.Fatalf("%s has ended", pod)
			}
			t.Logf("%s has %d MB", pod, resident/1000)
			if resident > budget*1000 {
				t.Errorf("%s has %d MB, more than %d", pod, resident/1000, budget)
			}
		}
	}
}

// kilobytes is what /proc tells of a process that runs.
func kilobytes(pid int, field string) (value int, running bool) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		return 0, false
	}
	found := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return 0, false
	}
	value, err = strconv.Atoi(string(found[1]))
	return value, err == nil
}

// kill kills the leader without a word.
func kill(t *testing.T, f fixture) {
	t.Helper()
	holder := f.Do(t, "get", "lease", "--namespace=pod-identity", "pod-identity-webhook", "--output=jsonpath={.spec.holderIdentity}")
	leader, _, _ := strings.Cut(holder, "_")
	for _, pid := range platform.Processes(t, f.containers(t)[leader]) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// hang has the API server take connections and answer nothing.
func hang(t *testing.T, f fixture, length time.Duration) {
	t.Helper()
	server := f.Component(t, "kube-apiserver")
	if err := syscall.Kill(server, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	<-time.After(length)
	if err := syscall.Kill(server, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
}

func restarts(t *testing.T, f fixture) string {
	t.Helper()
	return f.Do(t, "get", "pods", "--namespace=pod-identity", "--output=jsonpath={.items[*].status.containerStatuses[0].restartCount}")
}
