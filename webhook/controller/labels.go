package controller

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// annotationLabelsKept has, on a trimmed pod alone, the keys of the labels that were kept of it, as tagLabels has them. What the author of a
// pod writes there is not kept.
const annotationLabelsKept = contract.Domain + "/labels-kept"

// tagLabels are the keys of the labels that the identities of a pod read, with commas between them.
func tagLabels(index *association.Index, pod *corev1.Pod) string {
	var keys []string
	for _, identity := range index.Identities(serviceAccount(pod), inject.Containers(pod)).All() {
		if identity.TagLabels != "" {
			keys = append(keys, strings.Split(identity.TagLabels, ",")...)
		}
	}
	slices.Sort(keys)
	return strings.Join(slices.Compact(keys), ",")
}

// keepLabels keeps of a pod the labels that its identity reads: of any others, it could have as many as it likes. A pod that was trimmed
// before has no more than was kept then.
func (t *trimmer) keepLabels(trimmed, pod *corev1.Pod) {
	if t.identities == nil {
		return
	}
	keys := tagLabels(t.identities, pod)
	if wasTrimmed := len(pod.Spec.Containers) == 0; wasTrimmed {
		keys = pod.Annotations[annotationLabelsKept]
	}
	setLabels(trimmed, pod.Labels, keys)
}

func setLabels(pod *corev1.Pod, labels map[string]string, keys string) {
	if keys == "" {
		return
	}
	pod.Annotations[annotationLabelsKept] = keys
	pod.Labels = map[string]string{}
	for key := range strings.SplitSeq(keys, ",") {
		if value, set := labels[key]; set {
			pod.Labels[key] = value
		}
	}
}

// labelReader reads labels that were not kept of a pod, because an association names them only since.
type labelReader struct {
	mu sync.Mutex
	// read are pods with the labels that were read, until the watch brings a later state of the pod.
	read map[types.UID]*corev1.Pod
}

// complete is the pod with its labels of these keys, as far as they are known.
func (r *labelReader) complete(pod *corev1.Pod, keys string) (completed *corev1.Pod, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if hasKept(pod, keys) {
		delete(r.read, pod.UID)
		return pod, true
	}
	if known := r.read[pod.UID]; known != nil && known.ResourceVersion == pod.ResourceVersion && hasKept(known, keys) {
		return known, true
	}
	return pod, false
}

func hasKept(pod *corev1.Pod, keys string) bool {
	if keys == "" {
		return true
	}
	kept := strings.Split(pod.Annotations[annotationLabelsKept], ",")
	for key := range strings.SplitSeq(keys, ",") {
		if !slices.Contains(kept, key) {
			return false
		}
	}
	return true
}

// readLabels reads the labels of a pod. By a list of one name, since the webhook may not get pods. A pod that is gone has none.
func (r *labelReader) readLabels(ctx context.Context, reader client.Reader, pod *corev1.Pod, keys string) error {
	var found metav1.PartialObjectMetadataList
	found.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	if err := reader.List(ctx, &found, client.InNamespace(pod.Namespace), client.MatchingFields{"metadata.name": pod.Name}); err != nil {
		return fmt.Errorf("read the labels of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	completed := pod.DeepCopy()
	if completed.Annotations == nil {
		completed.Annotations = map[string]string{}
	}
	var labels map[string]string
	for _, object := range found.Items {
		if object.UID == pod.UID {
			labels = object.Labels
		}
	}
	setLabels(completed, labels, keys)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.read == nil {
		r.read = map[types.UID]*corev1.Pod{}
	}
	r.read[pod.UID] = completed
	return nil
}

// unread stands for the annotations that a pod should have whose labels must be read first. Those that are wanted have a status.
func unread() annotations { return annotations{} }

func (r *labelReader) forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.read, uid)
}
