package monitoring_test

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/e2e/platform"
)

const lease = "pod-identity-webhook"

func createWithoutSTS(t *testing.T, s *suite, namespace string) {
	s.sts.SetFor(t, namespace, platform.Silent)
	s.label(t, namespace)
	s.associate(t, namespace, namespace, s.RoleARN, "")
	s.run(t, namespace, "")
}

func labelLate(t *testing.T, s *suite, namespace string) {
	s.run(t, namespace, "")
	s.label(t, namespace)
}

// unlabel has the namespace looked at again at once, and its pods no longer counted.
func unlabel(t *testing.T, s *suite, namespace string) {
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject-")
}

func refuseRole(t *testing.T, s *suite, namespace string) {
	s.runReady(t, namespace)
	s.associate(t, namespace, namespace, s.RefusedRoleARN, "")
}

// narrowBounds has a pod with a role that its ServiceAccount chooses, and then has the namespace allow none.
func narrowBounds(t *testing.T, s *suite, namespace string) {
	s.label(t, namespace)
	s.Do(t, "annotate", "namespace", namespace, "podidentity.dev/allowed-roles="+s.RoleARN)
	s.Do(t, "annotate", "serviceaccount", "--namespace="+namespace, "app", "podidentity.dev/role-arn="+s.RoleARN)
	s.run(t, namespace, "")
	s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/app", "--timeout=2m")
	s.Do(t, "annotate", "namespace", namespace, "podidentity.dev/allowed-roles=", "--overwrite")
}

// silenceSTS has the sidecar of a pod that has credentials ask for others, for a changed policy.
func silenceSTS(t *testing.T, s *suite, namespace string) {
	s.runReady(t, namespace)
	s.sts.SetFor(t, namespace, platform.Silent)
	s.associate(t, namespace, namespace, s.RoleARN, policy(0))
}

// policy is a session policy that differs with the number, and forbids nothing.
func policy(number int64) string {
	return fmt.Sprintf(`, disableSessionTags: true, policy: '{"Version":"2012-10-17","Statement":[{"Sid":"n%d","Effect":"Allow","Action":"s3:*","Resource":"*"}]}'`, number)
}

func throttle(t *testing.T, s *suite, namespace string) {
	s.label(t, namespace)
	s.associate(t, namespace, namespace, s.RoleARN, "")
	s.runScraped(t, namespace)
	s.sts.SetFor(t, namespace, platform.Throttling)
}

// askAgain has the sidecar ask STS at once, which it would do after a pause otherwise. It keeps the credentials that it has.
func askAgain(t *testing.T, s *suite, namespace string) {
	s.associate(t, namespace, namespace, s.RoleARN, policy(time.Now().Unix()/3))
}

// leader is the replica that holds the lease.
func (s *suite) leader(t *testing.T) string {
	t.Helper()
	var pod string
	s.await(t, "a replica leads", func(context.Context) (bool, error) {
		holder := s.Do(t, "get", "lease", "--namespace=pod-identity", lease, "--output=jsonpath={.spec.holderIdentity}")
		pod, _, _ = strings.Cut(holder, "_")
		return strings.HasPrefix(pod, lease), nil
	})
	return pod
}

func (s *suite) signal(t *testing.T, pod string, signal syscall.Signal) {
	t.Helper()
	container := s.Do(t, "get", "pod", "--namespace=pod-identity", pod, "--output=jsonpath={.status.containerStatuses[0].containerID}")
	for _, pid := range platform.Processes(t, container) {
		if err := syscall.Kill(pid, signal); err != nil {
			t.Fatal(err)
		}
	}
}

func killLeader(t *testing.T, s *suite, _ string) { s.signal(t, s.leader(t), syscall.SIGKILL) }

func rollingUpdate(t *testing.T, s *suite, _ string) {
	s.Do(t, "rollout", "restart", "--namespace=pod-identity", "deployment", webhook)
	s.rolledOut(t)
}

func (s *suite) rolledOut(t *testing.T) {
	t.Helper()
	s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment", webhook, "--timeout=3m")
}

// takeLease writes the lease as somebody would who leads, and is no replica.
func takeLease(t *testing.T, s *suite, _ string) {
	patch := fmt.Sprintf(`{"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 15, "renewTime": %q}}`, time.Now().UTC().Format(metav1.RFC3339Micro))
	if _, err := s.kube.CoordinationV1().Leases("pod-identity").Patch(t.Context(), lease, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

// releaseLease waits until a replica takes the lease, which it respects for 15 s.
func releaseLease(t *testing.T, s *suite, _ string) { s.leader(t) }

// starve has the replica that is asked first run for a fifth of the time alone, as on a node without CPU.
func starve(t *testing.T, s *suite, _ string) {
	pod := strings.TrimSpace(s.Do(t, "get", "pods", "--namespace=pod-identity", webhook+",app.kubernetes.io/component=primary", "--output=jsonpath={.items[0].metadata.name}"))
	container := s.Do(t, "get", "pod", "--namespace=pod-identity", pod, "--output=jsonpath={.status.containerStatuses[0].containerID}")
	pids := platform.Processes(t, container)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for signal, length := syscall.SIGSTOP, 1300*time.Millisecond; ctx.Err() == nil; {
			for _, pid := range pids {
				_ = syscall.Kill(pid, signal) // one that has ended is found by who waits for the alert
			}
			<-time.After(length)
			if signal == syscall.SIGSTOP {
				signal, length = syscall.SIGCONT, 300*time.Millisecond
			} else {
				signal, length = syscall.SIGSTOP, 1300*time.Millisecond
			}
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	}()
	s.fed = func() { stop(); <-ended }
	t.Cleanup(s.fed)
}

func feed(_ *testing.T, s *suite, _ string) { s.fed() }

// create has the API server ask the webhook about pods, of which it keeps none. It does not wait for the answers.
func create(t *testing.T, s *suite, namespace string) {
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled", "--overwrite")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "tried-"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: s.CLIImage}}}}
	for range 4 {
		go func() {
			// Most are refused by some faults, which is what the alert is about.
			_, _ = s.kube.CoreV1().Pods(namespace).Create(context.WithoutCancel(t.Context()), pod.DeepCopy(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		}()
	}
}

func scaleTo(replicas string) func(*testing.T, *suite, string) {
	return func(t *testing.T, s *suite, _ string) {
		s.Do(t, "scale", "--namespace=pod-identity", "deployment", webhook, "--replicas="+replicas)
		s.rolledOut(t)
	}
}

func deleteDefinition(t *testing.T, s *suite, _ string) {
	s.Do(t, "delete", "crd", "podidentityassociations.podidentity.dev", "--timeout=1m")
}

func applyDefinition(t *testing.T, s *suite, _ string) {
	s.Do(t, "apply", "--filename=../../../manifests/base/crd")
	s.Do(t, "wait", "--for=condition=Established", "crd/podidentityassociations.podidentity.dev", "--timeout=1m")
}

// addArgument restarts the webhook with one more; of two for one flag the last one counts.
func addArgument(argument string) func(*testing.T, *suite, string) {
	return func(t *testing.T, s *suite, _ string) {
		for _, deployment := range []string{lease, lease + "-standby"} {
			s.Do(t, "patch", "deployment", "--namespace=pod-identity", deployment, "--type=json",
				`--patch=[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "`+argument+`"}]`)
		}
		s.rolledOut(t)
	}
}
