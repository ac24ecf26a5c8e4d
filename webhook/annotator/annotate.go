package annotator

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
	"github.com/podidentity/podidentity/webhook/injected"
)

// turn is how many pods of a namespace are written before the next namespace has its turn.
const turn = 200

// annotate gives the stale pods of a namespace, up to turn of them, their annotations; more tells that there are others.
func (a *Annotator) annotate(ctx context.Context, namespace string) (more bool, err error) {
	objects, err := a.pods.ByIndex(toolscache.NamespaceIndex, namespace)
	if err != nil {
		return false, fmt.Errorf("list the pods of namespace %s: %w", namespace, err)
	}
	var failures []error
	written := 0
	for _, object := range objects {
		pod, ok := object.(*corev1.Pod)
		if !ok || !a.stale(pod) {
			continue
		}
		if wait := a.patience(pod); wait > 0 {
			a.queue.AddAfter(namespace, wait)
			continue
		}
		if written == turn {
			return true, errors.Join(failures...)
		}
		written++
		if err := a.write(ctx, pod); err != nil {
			failures = append(failures, err)
		}
	}
	return false, errors.Join(failures...)
}

// wanted are the annotations that the pod should have; an empty identity is none.
func (a *Annotator) wanted(pod *corev1.Pod) annotations {
	account := injected.Account(pod)
	document, associated := a.identities.Identity(account)
	status := inject.UpdatedStatus(pod.Annotations[contract.AnnotationStatus], account.Namespace, account.Name, associated)
	wanted := annotations{status: status, authCA: cmp.Or(a.authCA(), pod.Annotations[contract.AnnotationAuthCA])}
	if associated {
		wanted.identity = document.String()
	}
	return wanted
}

// stale tells whether the pod lives and says something else than it should.
func (a *Annotator) stale(pod *corev1.Pod) bool {
	if !injected.Lives(pod) {
		return false
	}
	return has(pod) != a.wanted(pod)
}

func has(pod *corev1.Pod) annotations {
	return annotations{
		identity: pod.Annotations[contract.AnnotationIdentity],
		status:   pod.Annotations[contract.AnnotationStatus],
		authCA:   pod.Annotations[contract.AnnotationAuthCA],
	}
}

// patience is how long to wait before a stale pod is written.
func (a *Annotator) patience(pod *corev1.Pod) time.Duration {
	wanted := a.wanted(pod)
	truce := a.rivals.truce(pod.UID, wanted)
	if wanted.identity != "" || has(pod).identity == "" {
		return truce
	}
	return max(premature(pod), truce)
}

// write patches these annotations and nothing else, so that it cannot undo what others write. The UID keeps it from a
// pod of the same name that may have another service account.
func (a *Annotator) write(ctx context.Context, pod *corev1.Pod) error {
	wanted := a.wanted(pod)
	patch := map[string]any{contract.AnnotationIdentity: wanted.identity, contract.AnnotationStatus: wanted.status}
	if wanted.identity == "" {
		patch[contract.AnnotationIdentity] = nil
	}
	if wanted.authCA != "" {
		patch[contract.AnnotationAuthCA] = wanted.authCA
	}
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"uid": pod.UID, "annotations": patch}})
	if err != nil {
		return fmt.Errorf("encode the annotations of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	target := &corev1.Pod{}
	target.Namespace, target.Name = pod.Namespace, pod.Name
	err = a.client.Patch(ctx, target, client.RawPatch(types.MergePatchType, text), client.FieldOwner(contract.FieldManager))
	if apierrors.IsNotFound(err) || isAnotherPod(err) {
		// Gone, or replaced by one whose own event comes.
		return nil
	}
	if err != nil {
		return fmt.Errorf("annotate pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	a.rivals.wrote(pod.UID, wanted)
	a.log.WithField("namespace", pod.Namespace).WithField("pod", pod.Name).WithField("status", wanted.status).Info("annotated a pod")
	return nil
}

// isAnotherPod tells whether the API server refused a patch because the pod of that name has another UID by now. It words
// that as a change of an immutable field; anything else that is invalid is our fault, and to be heard of.
func isAnotherPod(err error) bool {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || status.ErrStatus.Details == nil {
		return false
	}
	return slices.ContainsFunc(status.ErrStatus.Details.Causes, func(cause metav1.StatusCause) bool {
		return cause.Field == "metadata.uid"
	})
}

// grace is how much later than a pod the association may arrive by which another replica has admitted it.
const grace = 10 * time.Second

// premature is how long the identity that a pod was admitted with is left to it, because this replica may not have seen
// the association yet: to take it away would start the application without credentials.
func premature(pod *corev1.Pod) time.Duration {
	if pod.Annotations[contract.AnnotationIdentity] == "" {
		return 0
	}
	return max(0, grace-time.Since(pod.CreationTimestamp.Time))
}
