package chaos_test

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// restartKubelet restarts the kubelet while a pod waits for its first credentials, and proves that the pod is unready, although its
// application starts.
func restartKubelet(t *testing.T, s *suite) {
	namespace := fmt.Sprint("waits-", time.Now().Unix())
	s.labelled(t, namespace)
	s.Do(t, "create", "serviceaccount", "--namespace="+namespace, "app")
	s.sts.SetFor(t, namespace, platform.Silent)
	rightRole(t, s, namespace)
	s.Do(t, "run", "app", "--namespace="+namespace, "--image="+s.CLIImage, "--annotations=podidentity.dev/wait=2m", "--command",
		`--overrides={"spec":{"serviceAccountName":"app","terminationGracePeriodSeconds":1}}`, "--", "sleep", "infinity")
	s.await(t, "a question to STS", func(context.Context) (bool, error) { return s.asked(t, namespace) > 0, nil })
	begin := time.Now()
	if err := syscall.Kill(s.Component(t, "kubelet"), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Cluster.StartKubelet(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Do(t, "wait", "--namespace="+namespace, "--for=jsonpath={.status.containerStatuses[0].state.running}", "pod/app", "--timeout=3m")
	s.took(t, begin, "the application starts without credentials")
	if ready := s.Do(t, "get", "pod", "--namespace="+namespace, "app", `--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}`); ready != "False" {
		t.Errorf("Ready is %s without credentials", ready)
	}
	s.Do(t, "delete", "namespace", namespace, "--wait=false")
	s.Do(t, "delete", "pia", namespace)
	s.gone(t)
}
