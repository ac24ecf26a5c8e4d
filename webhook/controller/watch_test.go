package controller

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// newInformer replaces the requests to an API server by those to the fake client.
func (c *fakeCluster) newInformer(_ toolscache.ListerWatcher, object runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	selector := watchedPods(c.identities).Label
	newList := func() client.ObjectList { return &corev1.PodList{} }
	switch object.(type) {
	case *corev1.Event:
		selector = labels.Everything()
		newList = func() client.ObjectList { return &corev1.EventList{} }
	case *metav1.PartialObjectMetadata:
		namespaces, err := watchedNamespaces()
		if err != nil {
			c.t.Error(err)
		}
		selector = namespaces.Label
		newList = func() client.ObjectList {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
			return list
		}
	}
	return toolscache.NewSharedIndexInformer(toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, _ metav1.ListOptions) (runtime.Object, error) {
			list := newList()
			return list, c.client.List(ctx, list, client.MatchingLabelsSelector{Selector: selector})
		},
		WatchFuncWithContext: func(ctx context.Context, _ metav1.ListOptions) (watch.Interface, error) {
			all, err := c.client.Watch(ctx, newList())
			if err != nil {
				return nil, err
			}
			return c.narrow(all, selector), nil
		},
	}, listsFirst{}), object, resync, indexers)
}

// narrow passes on the events of objects with the labels, where the loss of a label is a deletion, until the watch is
// broken: then the client must list anew.
func (c *fakeCluster) narrow(all watch.Interface, selector labels.Selector) watch.Interface {
	events := make(chan watch.Event)
	narrowed := watch.NewProxyWatcher(events)
	c.mu.Lock()
	broken := c.broken
	c.mu.Unlock()
	go func() {
		defer all.Stop()
		defer close(events)
		send := func(event watch.Event) {
			select {
			case events <- event:
			case <-narrowed.StopChan():
			}
		}
		selected := map[types.UID]runtime.Object{}
		for {
			select {
			case <-narrowed.StopChan():
				return
			case <-broken:
				send(watch.Event{Type: watch.Error, Object: &apierrors.NewResourceExpired("too old").ErrStatus})
				return
			case event := <-all.ResultChan():
				if event, ok := c.convert(event, selector, selected); ok {
					send(event)
				}
			}
		}
	}()
	return narrowed
}

func (c *fakeCluster) convert(event watch.Event, selector labels.Selector, selected map[types.UID]runtime.Object) (watch.Event, bool) {
	object := event.Object.(client.Object)
	if namespace, ok := object.(*corev1.Namespace); ok {
		metadata := meta.AsPartialObjectMetadata(namespace)
		metadata.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
		object, event.Object = metadata, metadata
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deaf {
		return event, false
	}
	if !selector.Matches(labels.Set(object.GetLabels())) {
		// The API server sends the last state that had the label.
		last, had := selected[object.GetUID()]
		if !had {
			last = object
		}
		delete(selected, object.GetUID())
		return watch.Event{Type: watch.Deleted, Object: last}, true
	}
	selected[object.GetUID()] = object
	return event, true
}

// disconnect has watches hear of nothing.
func (c *fakeCluster) disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = true
}

// reconnect has watches begin anew, with a list.
func (c *fakeCluster) reconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = false
	close(c.broken)
	c.broken = make(chan struct{})
}

// listsFirst is a client that cannot stream a list by a watch, as the fake one cannot.
type listsFirst struct{}

func (listsFirst) IsWatchListSemanticsUnSupported() bool { return true }
