package chaos_test

import (
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// endpoints is what a watch has seen of an EndpointSlice: how often it changed, and for how long it had fewer endpoints than pods.
type endpoints struct {
	changes int
	unready time.Duration
	since   time.Time
}

func (e *endpoints) see(event watch.Event, slice *discoveryv1.EndpointSlice) {
	e.changes++
	if !e.since.IsZero() {
		e.unready += time.Since(e.since)
		e.since = time.Time{}
	}
	if event.Type == watch.Deleted || readyOf(slice) < replicas {
		e.since = time.Now()
	}
}

// watchEndpoints watches the EndpointSlice of a namespace until the function is called that it returns.
func (s *suite) watchEndpoints(t *testing.T, namespace string) (stop func() endpoints) {
	t.Helper()
	// Not the client that ends each request after a minute.
	api := s.patient.DiscoveryV1().EndpointSlices(namespace)
	all, err := api.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Items) != 1 {
		t.Fatalf("there are %d EndpointSlices", len(all.Items))
	}
	watcher, err := api.Watch(t.Context(), metav1.ListOptions{ResourceVersion: all.ResourceVersion})
	if err != nil {
		t.Fatal(err)
	}
	var seen endpoints
	var watching sync.WaitGroup
	stopped := make(chan struct{})
	watching.Go(func() {
		for {
			select {
			case <-stopped:
				return
			case event := <-watcher.ResultChan():
				slice, ok := event.Object.(*discoveryv1.EndpointSlice)
				if !ok {
					t.Errorf("the watch of %s ended: %v", namespace, event)
					return
				}
				seen.see(event, slice)
			}
		}
	})
	return func() endpoints {
		close(stopped)
		watching.Wait()
		watcher.Stop()
		return seen
	}
}
