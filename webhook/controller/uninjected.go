package controller

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/wait"
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
	// scanInterval is how often a namespace is scanned, besides at every change of it. A watch of all pods that are not
	// injected would hear of one sooner, and would hold most pods of the cluster in memory.
	scanInterval = 5 * time.Minute
	// pageSize is how many pods are in memory at once.
	pageSize = 100
	// relabelDelay is how long labels that a namespace loses are collected. It bounds how often a writer that insists is answered.
	relabelDelay = 2 * time.Second
)

// scanner finds pods that lack our label. Those that should have been injected and were not run without credentials, which
// only their owner can change: they are counted, and get an event. Those that have our sidecar get their label back.
type scanner struct {
	client     client.Client
	namespaces client.Reader
	identities *association.Index
	rules      func(namespace string) inject.Rules
	injection  inject.Settings
	excluded   sets.Set[string]
	reminders  *reminders
	fleet      *fleet
	log        logrus.FieldLogger
}

func (c *Controller) newScanner(namespaces client.Reader) (*scanner, error) {
	writer, err := c.newClient()
	return &scanner{
		client: writer, namespaces: namespaces, identities: c.options.Identities, injection: c.options.Injection, rules: c.options.Rules, excluded: sets.New(c.options.ExcludedNamespaces...),
		reminders: newReminders(eventCreator{writer, c.hostname}), fleet: c.fleet, log: c.options.Log,
	}, err
}

func (s *scanner) sources(informers cache.Cache) []source.TypedSource[string] {
	type queue = workqueue.TypedRateLimitingInterface[string]
	byName := handler.TypedEnqueueRequestsFromMapFunc(func(_ context.Context, namespace *metav1.PartialObjectMetadata) []string {
		return []string{namespace.Name}
	})
	pods := source.TypedKind(informers, &corev1.Pod{}, handler.TypedFuncs[*corev1.Pod, string]{
		DeleteFunc: func(_ context.Context, e event.TypedDeleteEvent[*corev1.Pod], q queue) {
			// A pod that is deleted has a deletion timestamp first, unless that is forced; one that loses its label has none.
			if active(e.Object) {
				q.AddAfter(e.Object.Namespace, relabelDelay)
			}
		},
	})
	return []source.TypedSource[string]{source.TypedKind(informers, namespaceMetadata(), byName), pods}
}

// Reconcile scans one namespace. One without the injection label, which is scanned only when a pod of it has lost our
// label, has no uninjected pods.
func (s *scanner) Reconcile(ctx context.Context, namespace string) (reconcile.Result, error) {
	label, labelled, err := s.label(ctx, namespace)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !labelled {
		s.fleet.countUninjected(namespace, 0)
	}
	count, err := s.scan(ctx, namespace, label)
	if err != nil || !labelled {
		return reconcile.Result{}, err
	}
	s.fleet.countUninjected(namespace, count)
	return reconcile.Result{RequeueAfter: wait.Jitter(scanInterval, 0.2)}, nil
}

// label is the value of the injection label of a namespace that the webhook is called for.
func (s *scanner) label(ctx context.Context, name string) (value string, labelled bool, err error) {
	if s.excluded.Has(name) {
		return "", false, nil
	}
	namespace := namespaceMetadata()
	err = s.namespaces.Get(ctx, types.NamespacedName{Name: name}, namespace)
	if apierrors.IsNotFound(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("read namespace %s: %w", name, err)
	}
	value, labelled = namespace.Labels[contract.LabelInject]
	return value, labelled, nil
}

// scan looks at the pods of a namespace that lack our label, and counts those that were not injected.
func (s *scanner) scan(ctx context.Context, namespace, label string) (count int, err error) {
	without, err := labels.NewRequirement(contract.LabelInjected, selection.NotEquals, []string{"true"})
	if err != nil {
		return 0, fmt.Errorf("select pods without our label: %w", err)
	}
	running := fields.AndSelectors(
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodSucceeded)),
		fields.OneTermNotEqualSelector("status.phase", string(corev1.PodFailed)),
	)
	s.reminders.forget()
	var failures []error
	for token := ""; ; {
		var pods corev1.PodList
		err := s.client.List(ctx, &pods, client.InNamespace(namespace), client.Limit(pageSize), client.Continue(token),
			client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(*without)}, client.MatchingFieldsSelector{Selector: running})
		if err != nil {
			return 0, fmt.Errorf("list the pods of namespace %s without our label: %w", namespace, err)
		}
		for i := range pods.Items {
			switch pod := &pods.Items[i]; {
			case ctx.Err() != nil:
				return 0, ctx.Err()
			case active(pod):
				failures = append(failures, s.relabel(ctx, pod))
			case s.shouldBeInjected(pod, label):
				count++
				failures = append(failures, s.announce(ctx, pod, label))
			}
		}
		if token = pods.Continue; token == "" {
			return count, errors.Join(failures...)
		}
	}
}

// relabel puts our label back on a pod that has our sidecar: without it, no leader would keep its identity true.
func (s *scanner) relabel(ctx context.Context, pod *corev1.Pod) error {
	patched, err := patchPod(ctx, s.client, pod, map[string]any{"labels": map[string]string{contract.LabelInjected: "true"}})
	if patched {
		s.log.WithField("namespace", pod.Namespace).WithField("pod", pod.Name).Warn("put back the label " + contract.LabelInjected + " of an injected pod")
	}
	return err
}

// shouldBeInjected reports whether the webhook would inject the pod if it were created now.
func (s *scanner) shouldBeInjected(pod *corev1.Pod, label string) bool {
	if pod.DeletionTimestamp != nil || inject.HasWebIdentity(pod) {
		return false
	}
	input := inject.Input{Pod: pod, Namespace: pod.Namespace, Mode: label, Rules: s.rules(pod.Namespace)}
	input.Identities = s.identities.Identities(association.ServiceAccount{Namespace: pod.Namespace, Name: input.ServiceAccount()}, inject.Containers(pod))
	return inject.Decide(input, s.injection).Injects()
}

// announce says in an event that a pod was not injected.
func (s *scanner) announce(ctx context.Context, pod *corev1.Pod, label string) error {
	return s.reminders.remind(ctx, pod, eventsv1.Event{
		Type: corev1.EventTypeWarning, Reason: "NotInjected", Action: "Inject",
		Note: fmt.Sprintf("this pod was not injected and gets no AWS credentials, though its namespace has the label %s=%s: "+
			"it is older than the label or the association, or was created while the webhook was away; create it again", contract.LabelInject, label),
	})
}
