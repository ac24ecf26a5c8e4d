package controller

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/podidentity/podidentity/contract"
)

// knows is a change of a pod: its sidecar knows these critical fields.
func knows(fields string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		pod.Spec.InitContainers[0].Env = []corev1.EnvVar{{Name: contract.EnvCriticalFields, Value: fields}}
	}
}

func TestAPodWhoseSidecarIsTooOldForARestrictionIsToldOfThoughTheAPIServerWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		restricted := newAssociation("reader")
		restricted.Spec.Container = "app"
		if err := c.identities.Set(restricted); err != nil {
			t.Fatal(err)
		}
		c.create(restricted)
		c.create(injectedPod("old", "reader"))
		c.create(changed(injectedPod("other", "reader"), knows("boundary,network")))
		c.create(changed(injectedPod("new", "reader"), knows("boundary,containers")))
		c.create(injectedPod("unrestricted", "nobody"))
		controller := c.newController()
		refusals := 1
		c.fail = func(write string) error {
			if write != "create event Outdated" {
				return nil
			}
			if refusals--; refusals >= 0 {
				return errors.New("away")
			}
			return nil
		}
		stop := c.run(controller)
		time.Sleep(30 * time.Minute)
		if count := shown(t, controller.fleet)["pods team Outdated"]; count != 2 {
			t.Errorf("%v pods are outdated", count)
		}
		var events eventsv1.EventList
		if err := c.client.List(t.Context(), &events); err != nil || len(events.Items) != 2 {
			t.Fatalf("%d events, %v", len(events.Items), err)
		}
		for _, e := range events.Items {
			if e.Namespace != "team" || e.Reason != "Outdated" || e.Type != corev1.EventTypeWarning || !strings.Contains(e.Note, "sets containers") || !strings.Contains(e.Note, "create the pod again") {
				t.Errorf("the event is %+v", e)
			}
		}
		const told = "injected: no credentials until the pod is created again, because its sidecar is too old to know containers"
		for pod, want := range map[string]string{"old": told, "other": told, "new": "injected"} {
			if got := c.pod(pod).Annotations[contract.AnnotationStatus]; got != want {
				t.Errorf("the status of %s is %q", pod, got)
			}
		}
		stop()
		if len(shown(t, controller.fleet)) != 0 {
			t.Error("a replica that leads no longer reports outdated pods")
		}
	})
}
