// Package injected is what the leader knows of injected pods: as little as it needs, since a cluster has many.
package injected

import (
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// Watched narrows a cache to injected pods, and these to what the functions of this package and our annotations tell.
func Watched() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&corev1.Pod{}: {
			Label:     labels.SelectorFromSet(labels.Set{contract.LabelInjected: "true"}),
			Transform: new(slimmer).slim,
		},
	}
}

// slimmer leaves of a pod what is needed.
type slimmer struct {
	// authCA is the annotation that nearly all pods have: a copy in each would be the most of what is kept of it.
	authCA atomic.Pointer[string]
}

func (s *slimmer) slim(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return nil, fmt.Errorf("slim a pod: it is a %T", object)
	}
	annotations := map[string]string{}
	for _, name := range []string{contract.AnnotationIdentity, contract.AnnotationStatus} {
		if value, set := pod.Annotations[name]; set {
			annotations[name] = value
		}
	}
	if value, set := pod.Annotations[contract.AnnotationAuthCA]; set {
		annotations[contract.AnnotationAuthCA] = s.shared(value)
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp, DeletionTimestamp: pod.DeletionTimestamp, Annotations: annotations,
		},
		Spec:   corev1.PodSpec{ServiceAccountName: pod.Spec.ServiceAccountName, InitContainers: sidecar(pod)},
		Status: corev1.PodStatus{Phase: pod.Status.Phase, InitContainerStatuses: status(pod)},
	}, nil
}

// shared is the copy of a value that other pods have already, where they do.
func (s *slimmer) shared(authCA string) string {
	if last := s.authCA.Load(); last != nil && *last == authCA {
		return *last
	}
	s.authCA.Store(&authCA)
	return authCA
}

// sidecar is the name of the pod's sidecar and nothing else of it, or nothing.
func sidecar(pod *corev1.Pod) []corev1.Container {
	for _, container := range pod.Spec.InitContainers {
		if container.Name == contract.ContainerName {
			return []corev1.Container{{Name: container.Name}}
		}
	}
	return nil
}

// status is that of the pod's sidecar, where it runs without being ready.
func status(pod *corev1.Pod) []corev1.ContainerStatus {
	for _, status := range pod.Status.InitContainerStatuses {
		if status.Name == contract.ContainerName && !status.Ready && status.State.Running != nil {
			return []corev1.ContainerStatus{{Name: status.Name}}
		}
	}
	return nil
}
