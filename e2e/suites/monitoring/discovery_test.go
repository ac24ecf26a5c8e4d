package monitoring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// discovery stands for the discovery of Kubernetes in Prometheus, which Debian builds without it: it lists pods and the Services of one namespace, and
// writes a file of targets for each role with the labels that Prometheus' own discovery has (kubernetes_sd_config in its documentation).
type discovery struct {
	kube kubernetes.Interface
	// files are where the targets of a role are written.
	files map[string]string
}

type targets struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

// start writes targets once, and then every second until the test ends.
func (d discovery) start(t *testing.T) {
	t.Helper()
	if err := d.write(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
				_ = d.write(ctx) // while there is no API server, what was found stays
			}
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
}

func (d discovery) write(ctx context.Context) error {
	pods, err := d.kube.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	services, err := d.kube.CoreV1().Services("pod-identity").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	found := map[string][]targets{"pod": {}, "endpointslice": {}}
	for _, pod := range pods.Items {
		for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
			for _, port := range container.Ports {
				target := targetOf(&pod, container.Name, port)
				found["pod"] = append(found["pod"], target)
				for _, service := range services.Items {
					if service.Namespace == pod.Namespace && selects(&service, &pod) {
						found["endpointslice"] = append(found["endpointslice"], target.behind(&service, port.Name))
					}
				}
			}
		}
	}
	for role, all := range found {
		if err := replace(d.files[role], all); err != nil {
			return err
		}
	}
	return nil
}

func selects(service *corev1.Service, pod *corev1.Pod) bool {
	for name, value := range service.Spec.Selector {
		if pod.Labels[name] != value {
			return false
		}
	}
	return len(service.Spec.Selector) > 0 && pod.Status.PodIP != ""
}

func targetOf(pod *corev1.Pod, container string, port corev1.ContainerPort) targets {
	labels := map[string]string{
		"__meta_kubernetes_namespace": pod.Namespace, "__meta_kubernetes_pod_name": pod.Name, "__meta_kubernetes_pod_phase": string(pod.Status.Phase),
		"__meta_kubernetes_pod_container_name": container, "__meta_kubernetes_pod_container_port_name": port.Name,
	}
	for name, value := range pod.Labels {
		labels["__meta_kubernetes_pod_label_"+labelName(name)] = value
	}
	return targets{[]string{net.JoinHostPort(pod.Status.PodIP, fmt.Sprint(port.ContainerPort))}, labels}
}

// behind is the target by a port of a Service, if that has a port for it.
func (t targets) behind(service *corev1.Service, port string) targets {
	labels := map[string]string{"__meta_kubernetes_service_name": service.Name}
	for name, value := range t.Labels {
		labels[name] = value
	}
	for name, value := range service.Labels {
		labels["__meta_kubernetes_service_label_"+labelName(name)] = value
	}
	for _, each := range service.Spec.Ports {
		if each.TargetPort.StrVal == port {
			labels["__meta_kubernetes_endpointslice_port_name"] = each.Name
		}
	}
	return targets{t.Targets, labels}
}

// replace replaces a file by another at once.
func replace(file string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
