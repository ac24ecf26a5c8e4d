package chaos_test

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/e2e/platform"
)

// replicas is how many pods testdata/served.yaml has.
const replicas = 3

func (s *suite) labelled(t *testing.T, namespace string) {
	t.Helper()
	s.Do(t, "create", "namespace", namespace)
	s.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
}

func (s *suite) apply(t *testing.T, namespace string) {
	t.Helper()
	text, err := os.ReadFile("testdata/served.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.DoWith(t, strings.ReplaceAll(string(text), "IMAGE", s.CLIImage), "apply", "--namespace="+namespace, "--filename=-")
}

// serve runs the pods, and returns when all are endpoints of their Service.
func (s *suite) serve(t *testing.T, namespace string) {
	t.Helper()
	s.apply(t, namespace)
	s.await(t, "all endpoints", func(context.Context) (bool, error) { return s.readyEndpoints(t, namespace) == replicas, nil })
	s.awaitServed(t, namespace, time.Now())
}

func (s *suite) readyEndpoints(t *testing.T, namespace string) (ready int) {
	t.Helper()
	all, err := s.kube.DiscoveryV1().EndpointSlices(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, slice := range all.Items {
		ready += readyOf(&slice)
	}
	return ready
}

func readyOf(slice *discoveryv1.EndpointSlice) (ready int) {
	for _, endpoint := range slice.Endpoints {
		if endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready {
			ready++
		}
	}
	return ready
}

// killSidecar kills the sidecar of a pod as the kernel would for want of memory.
func (s *suite) killSidecar(t *testing.T, namespace, pod string) {
	t.Helper()
	for _, pid := range platform.Processes(t, s.Do(t, "get", "pod", "--namespace="+namespace, pod, "--output=jsonpath={.status.initContainerStatuses[0].containerID}")) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

// containerRestarts is how often containers of a namespace have restarted.
func (s *suite) containerRestarts(t *testing.T, namespace string) (restarts int32) {
	t.Helper()
	all, err := s.kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Items) != replicas {
		t.Errorf("there are %d pods", len(all.Items))
	}
	for _, pod := range all.Items {
		for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			restarts += container.RestartCount
		}
	}
	return restarts
}

// awaitEvent waits until an event of the namespace says something.
func (s *suite) awaitEvent(t *testing.T, namespace, says string) {
	t.Helper()
	s.await(t, "an event that says: "+says, func(ctx context.Context) (bool, error) {
		all, err := s.kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		for _, event := range all.Items {
			if strings.Contains(event.Message, says) {
				t.Logf("%s of %s: %s", event.Reason, event.InvolvedObject.Name, event.Message)
				return true, nil
			}
		}
		return false, nil
	})
}
