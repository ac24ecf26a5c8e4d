package controller

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// gauge is the number of uninjected pods of namespace team.
func gauge(t *testing.T, c *Controller) float64 {
	t.Helper()
	return shown(t, c.fleet)["pods team Uninjected"]
}

func TestEveryPageOfUninjectedPodsIsCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		const pods = 2*pageSize + 50
		for i := range pods {
			c.create(uninjectedPod(fmt.Sprintf("app-%03d", i)))
		}
		c.create(changed(uninjectedPod("ended"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }))
		c.labelledTeam(contract.InjectEnabled)
		controller := c.newController()
		defer c.run(controller)()
		time.Sleep(time.Minute)
		if count, events := gauge(t, controller), c.events(); count != pods || len(events) != pods {
			t.Errorf("%v pods, %d events", count, len(events))
		}
	})
}

func TestAnUninjectedPodIsToldWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(uninjectedPod("app"))
		c.labelledTeam(contract.InjectEnabled)
		defer c.lead()()
		time.Sleep(time.Minute)
		var events eventsv1.EventList
		if err := c.client.List(t.Context(), &events); err != nil || len(events.Items) != 1 {
			t.Fatalf("%d events, %v", len(events.Items), err)
		}
		e := events.Items[0]
		if e.Namespace != "team" || e.Regarding.Kind != "Pod" || e.Regarding.Name != "app" || e.Regarding.UID != "app" || e.Type != corev1.EventTypeWarning || e.Reason != "NotInjected" ||
			e.ReportingController != "pod-identity" || e.ReportingInstance == "" || e.Action == "" || e.EventTime.IsZero() || !strings.Contains(e.Note, "podidentity.dev/inject=enabled") {
			t.Errorf("the event is %+v", e)
		}
	})
}

func TestANewLeaderRepeatsNoEventThatStillExists(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(uninjectedPod("app"))
		c.labelledTeam(contract.InjectEnabled)
		for range 3 {
			stop := c.lead()
			time.Sleep(time.Minute)
			stop()
		}
		if events := c.events(); !slices.Equal(events, []string{"NotInjected"}) {
			t.Errorf("there are %q", events)
		}
		defer c.lead()()
		time.Sleep(time.Minute)
		if err := c.client.DeleteAllOf(t.Context(), &eventsv1.Event{}, client.InNamespace("team")); err != nil { // it expires
			t.Fatal(err)
		}
		time.Sleep(2 * scanInterval)
		if events := c.events(); !slices.Equal(events, []string{"NotInjected"}) {
			t.Errorf("after the first has expired there are %q", events)
		}
	})
}

func TestAnEventIsCreatedOnceAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(uninjectedPod("app"))
		c.labelledTeam(contract.InjectEnabled)
		defer c.lead()()
		time.Sleep(remindInterval - scanInterval)
		if writes := c.written(); len(writes) != 1 {
			t.Errorf("within the hour it wrote %q", writes)
		}
		time.Sleep(3 * scanInterval)
		if writes := c.written(); len(writes) == 0 {
			t.Error("after the hour it wrote none")
		}
	})
}

func TestANamespaceThatIsNotLabelledHasNoUninjectedPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(uninjectedPod("app"), changed(uninjectedPod("dns"), func(p *corev1.Pod) { p.Namespace = "kube-system" }))
		c.labelledTeam(contract.InjectEnabled)
		c.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "s", Labels: map[string]string{contract.LabelInject: contract.InjectEnabled}}})
		controller := c.newController()
		defer c.run(controller)()
		time.Sleep(time.Minute)
		if series := len(shown(t, controller.fleet)); series != 1 || gauge(t, controller) != 1 {
			t.Errorf("%d namespaces are counted", series)
		}
		namespace := &corev1.Namespace{}
		if err := c.client.Get(t.Context(), client.ObjectKey{Name: "team"}, namespace); err != nil {
			t.Fatal(err)
		}
		namespace.Labels = nil
		c.update(namespace)
		time.Sleep(time.Minute)
		if series := len(shown(t, controller.fleet)); series != 0 {
			t.Error("a namespace that is not labelled any more is counted")
		}
	})
}

func TestAFailedScanIsDoneAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(uninjectedPod("app"))
		c.labelledTeam(contract.InjectEnabled)
		c.fail = func(string) error {
			if len(c.writes) < 4 {
				return errors.New("connection refused")
			}
			return nil
		}
		controller := c.newController()
		defer c.run(controller)()
		time.Sleep(time.Minute)
		if events := c.events(); len(events) != 1 || gauge(t, controller) != 1 {
			t.Errorf("%d events", len(events))
		}
	})
}
