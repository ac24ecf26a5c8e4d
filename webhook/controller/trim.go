package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unique"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// watchedPods narrows a cache to injected pods, and each of them to what this package needs.
func watchedPods(identities *association.Index) cache.ByObject {
	return cache.ByObject{
		Label:     labels.SelectorFromSet(labels.Set{contract.LabelInjected: "true"}),
		Transform: (&trimmer{identities: identities}).trim,
	}
}

// trimmer keeps of a pod what is needed.
type trimmer struct {
	// identities tell which labels are needed; without them none is.
	identities *association.Index
	// authCA is the annotation that nearly all pods have: a copy in each would be most of what is kept of them.
	authCA atomic.Pointer[string]
	// last is what was kept of the last pod. The next one is often of the same workload, and shares what is equal.
	last atomic.Pointer[sharedParts]
}

// sharedParts are most of what is kept of a pod.
type sharedParts struct {
	annotations map[string]string
	sidecar     []corev1.Container
}

// trim is a toolscache.TransformFunc. client-go applies it twice to the pods of the first list, so that whatever it reads
// it must also keep.
func (t *trimmer) trim(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return nil, fmt.Errorf("trim a pod: it is a %T", object)
	}
	annotations := map[string]string{}
	for _, name := range []string{contract.AnnotationIdentity, contract.AnnotationStatus} {
		if value, set := pod.Annotations[name]; set {
			annotations[name] = value
		}
	}
	if value, set := pod.Annotations[contract.AnnotationAuthCA]; set {
		annotations[contract.AnnotationAuthCA] = t.shared(value)
	}
	trimmed := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp, DeletionTimestamp: pod.DeletionTimestamp, Annotations: annotations,
		},
		Spec:   corev1.PodSpec{ServiceAccountName: pod.Spec.ServiceAccountName},
		Status: corev1.PodStatus{Phase: pod.Status.Phase},
	}
	if inject.HasSidecar(pod) {
		always := corev1.ContainerRestartPolicyAlways
		trimmed.Spec.InitContainers = []corev1.Container{{Name: contract.ContainerName, RestartPolicy: &always}}
		trimmed.Spec.InitContainers[0].Env = []corev1.EnvVar{{Name: contract.EnvContainers, Value: unique.Make(strings.Join(inject.Containers(pod), ",")).Value()}}
		if known := criticalKnown(pod); known != "" {
			trimmed.Spec.InitContainers[0].Env = append(trimmed.Spec.InitContainers[0].Env, corev1.EnvVar{Name: contract.EnvCriticalFields, Value: unique.Make(known).Value()})
		}
	}
	trimmed.Status.InitContainerStatuses = trimStatuses(pod)
	t.keepLabels(trimmed, pod)
	t.share(trimmed)
	return trimmed, nil
}

// share has a trimmed pod share what the last one has too.
func (t *trimmer) share(pod *corev1.Pod) {
	kept := sharedParts{pod.Annotations, pod.Spec.InitContainers}
	if last := t.last.Load(); last != nil {
		sameContainers := slices.EqualFunc(kept.sidecar, last.sidecar, func(a, b corev1.Container) bool { return slices.Equal(a.Env, b.Env) })
		sameAnnotations := maps.Equal(kept.annotations, last.annotations)
		if sameContainers {
			kept.sidecar, pod.Spec.InitContainers = last.sidecar, last.sidecar
		}
		if sameAnnotations {
			kept.annotations, pod.Annotations = last.annotations, last.annotations
		}
		if sameContainers && sameAnnotations {
			return
		}
	}
	t.last.Store(&kept)
}

// trimStatuses keeps the status of a sidecar that is not ready, or whose pod starts. Of all others the phase says enough.
func trimStatuses(pod *corev1.Pod) []corev1.ContainerStatus {
	for _, status := range pod.Status.InitContainerStatuses {
		if status.Name != contract.ContainerName || status.State.Running != nil && status.Ready && pod.Status.Phase != corev1.PodPending {
			continue
		}
		kept := corev1.ContainerStatus{Name: status.Name, Ready: status.Ready}
		if status.State.Running != nil {
			kept.State.Running = &corev1.ContainerStateRunning{}
		}
		return []corev1.ContainerStatus{kept}
	}
	return nil
}

// shared is the copy of a value that other pods have already, where they do.
func (t *trimmer) shared(authCA string) string {
	if last := t.authCA.Load(); last != nil && *last == authCA {
		return *last
	}
	t.authCA.Store(&authCA)
	return authCA
}
