package controller

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

const (
	// annotateWorkers is how many namespaces are worked on at once.
	annotateWorkers = 4
	// batchSize is how many pods of a namespace are written before other namespaces are worked on.
	batchSize = 200
	// batchPause is the time between two batches of a namespace, in which the watch brings back what the first has written.
	batchPause = 100 * time.Millisecond
	// identityGrace is how much later than a pod the association may arrive here by which another replica has admitted it.
	identityGrace = 10 * time.Second
)

// annotator writes the annotations that a sidecar reads. Its requests are namespaces, not pods, and each is short, so that a
// namespace of thousands of pods does not hold up the others.
type annotator struct {
	client     client.Client
	pods       podStore
	identities *association.Index
	authCA     func() string
	conflicts  *conflicts
	labels     labelReader
	disputed   prometheus.Counter
	log        logrus.FieldLogger
}

// annotations are those that we write.
type annotations struct {
	identity, status, authCA string
}

func (c *Controller) newAnnotator(pods podStore) (*annotator, error) {
	writer, err := c.newClient()
	return &annotator{
		client: writer, pods: pods, identities: c.options.Identities, authCA: c.options.AuthCA,
		conflicts: newConflicts(), disputed: c.disputed, log: c.options.Log,
	}, err
}

func (a *annotator) sources(informers cache.Cache, changes *association.Changes) []source.TypedSource[string] {
	type queue = workqueue.TypedRateLimitingInterface[string]
	check := func(pod *corev1.Pod, q queue) {
		if _, delay, stale := a.check(pod); stale {
			q.AddAfter(pod.Namespace, delay)
		}
	}
	pods := source.TypedKind(informers, &corev1.Pod{}, handler.TypedFuncs[*corev1.Pod, string]{
		CreateFunc: func(_ context.Context, e event.TypedCreateEvent[*corev1.Pod], q queue) { check(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.TypedUpdateEvent[*corev1.Pod], q queue) { check(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], _ queue) {
			a.conflicts.forget(e.Object.UID)
			a.labels.forget(e.Object.UID)
		},
	})
	changed := subscription(changes, func(namespaces association.Pattern, q queue) {
		for _, namespace := range a.pods.namespaces() {
			if namespaces.Matches(namespace) {
				q.Add(namespace)
			}
		}
	})
	return []source.TypedSource[string]{pods, changed}
}

// Reconcile gives the stale pods of a namespace, up to batchSize of them, their annotations.
func (a *annotator) Reconcile(ctx context.Context, namespace string) (reconcile.Result, error) {
	pods, err := a.pods.inNamespace(namespace)
	if err != nil {
		return reconcile.Result{}, err
	}
	var failures []error
	var next time.Duration
	written := 0
	for _, pod := range pods {
		wanted, delay, stale := a.check(pod)
		switch {
		case ctx.Err() != nil:
			return reconcile.Result{}, ctx.Err()
		case !stale:
			continue
		case delay == 0 && written == batchSize:
			delay = batchPause
		case delay == 0 && wanted == unread():
			written++
			delay = batchPause
			failures = append(failures, a.labels.readLabels(ctx, a.client, pod, tagLabels(a.identities, pod)))
		case delay == 0:
			written++
			failures = append(failures, a.write(ctx, pod, wanted))
			continue
		}
		if next == 0 || delay < next {
			next = delay
		}
	}
	if err := errors.Join(failures...); err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{RequeueAfter: next}, nil
}

// check reports whether a pod is stale: active, and without the annotations wanted. These are to be written after the delay.
func (a *annotator) check(pod *corev1.Pod) (wanted annotations, delay time.Duration, stale bool) {
	if !active(pod) {
		return annotations{}, 0, false
	}
	pod, complete := a.labels.complete(pod, tagLabels(a.identities, pod))
	if !complete {
		return unread(), 0, true
	}
	wanted = a.wanted(pod)
	present := annotationsOf(pod)
	if wanted == present {
		a.conflicts.seen(pod.UID, present)
		return wanted, 0, false
	}
	if wanted.identity == present.identity && wanted.authCA == present.authCA {
		// A forged identity or CA never stands, but a status harms nobody. A namespace occupies one worker at most, so that who
		// forges without end does not hold up other namespaces.
		delay = a.conflicts.backoff(pod.UID, wanted.status)
	}
	if wanted.identity == "" && present.identity != "" {
		// This replica may not have seen the association yet: to take the identity away would start the application
		// without credentials.
		delay = max(delay, identityGrace-time.Since(pod.CreationTimestamp.Time))
	}
	return wanted, delay, true
}

// wanted are the annotations that the pod should have; an empty identity is none.
func (a *annotator) wanted(pod *corev1.Pod) annotations {
	account := serviceAccount(pod)
	identities := identitiesOf(pod, a.identities)
	return annotations{
		status:   inject.UpdatedStatus(pod.Annotations[contract.AnnotationStatus], account.Namespace, account.Name, !identities.IsZero(), a.identities.Refusal(account), unknownTo(pod, identities)),
		authCA:   cmp.Or(a.authCA(), pod.Annotations[contract.AnnotationAuthCA]),
		identity: identities.String(),
	}
}

func annotationsOf(pod *corev1.Pod) annotations {
	return annotations{
		identity: pod.Annotations[contract.AnnotationIdentity],
		status:   pod.Annotations[contract.AnnotationStatus],
		authCA:   pod.Annotations[contract.AnnotationAuthCA],
	}
}

func (a *annotator) write(ctx context.Context, pod *corev1.Pod, wanted annotations) error {
	disputed := a.conflicts.intends(pod.UID, wanted)
	if now := a.pods.current(pod); now != nil && annotationsOf(now) == wanted {
		a.conflicts.seen(pod.UID, wanted) // meanwhile the watch has brought what was written before
		return nil
	}
	patch := map[string]any{contract.AnnotationIdentity: wanted.identity, contract.AnnotationStatus: wanted.status}
	if wanted.identity == "" {
		patch[contract.AnnotationIdentity] = nil
	}
	if wanted.authCA != "" {
		patch[contract.AnnotationAuthCA] = wanted.authCA
	}
	patched, err := patchPod(ctx, a.client, pod, map[string]any{"annotations": patch})
	if err != nil || !patched {
		return err
	}
	a.conflicts.wrote(pod.UID, wanted.status)
	if disputed {
		a.disputed.Inc()
	}
	a.log.WithField("namespace", pod.Namespace).WithField("pod", pod.Name).WithField("status", wanted.status).Info("annotated a pod")
	return nil
}
