package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// active reports whether a pod has our sidecar, whoever wrote the label, and has not ended.
func active(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed && inject.HasSidecar(pod)
}

// awaitingCredentials reports whether a pod's sidecar runs without credentials that it should have: its readiness probe
// fails, which it does for no other reason.
func awaitingCredentials(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.InitContainerStatuses, func(status corev1.ContainerStatus) bool {
		return status.Name == contract.ContainerName && !status.Ready && status.State.Running != nil
	})
}

func serviceAccount(pod *corev1.Pod) association.ServiceAccount {
	return association.ServiceAccount{Namespace: pod.Namespace, Name: pod.Spec.ServiceAccountName}
}

// podStore has the injected pods, as the cache last saw them; they must not be changed.
type podStore struct {
	indexer toolscache.Indexer
}

func newPodStore(ctx context.Context, informers cache.Informers) (podStore, error) {
	informer, err := informers.GetInformer(ctx, &corev1.Pod{}, cache.BlockUntilSynced(false))
	if err != nil {
		return podStore{}, fmt.Errorf("watch pods: %w", err)
	}
	indexed, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return podStore{}, fmt.Errorf("watch pods: the informer is a %T, without an index", informer)
	}
	return podStore{indexed.GetIndexer()}, nil
}

// namespaces are those that have injected pods.
func (s podStore) namespaces() []string {
	return s.indexer.ListIndexFuncValues(toolscache.NamespaceIndex)
}

// inNamespace has the active pods of a namespace.
func (s podStore) inNamespace(namespace string) ([]*corev1.Pod, error) {
	objects, err := s.indexer.ByIndex(toolscache.NamespaceIndex, namespace)
	if err != nil {
		return nil, fmt.Errorf("list the pods of namespace %s: %w", namespace, err)
	}
	return activePods(objects), nil
}

// current is a pod as the cache has it now, nil where that has none of its name.
func (s podStore) current(pod *corev1.Pod) *corev1.Pod {
	object, _, err := s.indexer.GetByKey(pod.Namespace + "/" + pod.Name)
	if err != nil {
		return nil
	}
	now, _ := object.(*corev1.Pod)
	return now
}

func (s podStore) all() []*corev1.Pod { return activePods(s.indexer.List()) }

func activePods(objects []any) []*corev1.Pod {
	var all []*corev1.Pod
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok && active(pod) {
			all = append(all, pod)
		}
	}
	return all
}

// patchPod changes this metadata of a pod and nothing else, so that it cannot undo what others write. The UID keeps it from
// a pod of the same name that may have another service account. It is false, without an error, where the pod is gone.
func patchPod(ctx context.Context, c client.Client, pod *corev1.Pod, metadata map[string]any) (patched bool, err error) {
	metadata["uid"] = pod.UID
	patch, err := json.Marshal(map[string]any{"metadata": metadata})
	if err != nil {
		return false, fmt.Errorf("encode the patch of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	target := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	err = c.Patch(ctx, target, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(contract.FieldManager))
	if apierrors.IsNotFound(err) || isAnotherPod(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("patch pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return true, nil
}

// isAnotherPod reports whether the API server refused a patch because the pod of that name has another UID by now. It reports
// that as a change of an immutable field; anything else that is invalid is an error of ours.
func isAnotherPod(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || status.ErrStatus.Details == nil {
		return false
	}
	return slices.ContainsFunc(status.ErrStatus.Details.Causes, func(cause metav1.StatusCause) bool {
		return cause.Field == "metadata.uid"
	})
}
