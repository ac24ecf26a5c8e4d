package controller

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

func TestARefusedRoleIsToldOnTheServiceAccountAndMalformedBoundsOnTheNamespace(t *testing.T) {
	reader := association.ServiceAccount{Namespace: "team", Name: "reader"}
	bounds := func(c *fakeCluster, text string) {
		c.identities.SetBounds("team", map[string]string{contract.AnnotationAllowedRoles: text}, "namespace")
		c.changes.Notify("team")
		time.Sleep(time.Second)
	}
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.identities.SetAnnotations(reader, map[string]string{contract.AnnotationRole: "arn:aws:iam::111122223333:role/admin"}, "account", association.AllAnnotations)
		stop := c.lead()
		synctest.Wait()
		expect := func(when string, count int) {
			t.Helper()
			if written := c.written(); !slices.Equal(written, slices.Repeat([]string{"create event RoleRefused"}, count)) {
				t.Errorf("%s: %v", when, written)
			}
		}
		expect("without bounds", 0)
		bounds(c, "*")
		expect("within bounds", 0)
		bounds(c, "arn:aws:iam::111122223333:role/team-*")
		expect("outside of them", 1)
		bounds(c, "team-*")
		expect("outside of malformed ones", 2)
		stop()
		var events eventsv1.EventList
		if err := c.client.List(t.Context(), &events, client.InNamespace("")); err != nil {
			t.Fatal(err)
		}
		var about []string
		for _, e := range events.Items {
			about = append(about, e.Namespace+" "+e.Regarding.Kind+" "+string(e.Regarding.UID))
		}
		slices.Sort(about)
		if want := []string{"default Namespace namespace", "team ServiceAccount account"}; !slices.Equal(about, want) {
			t.Errorf("events are about %q", about)
		}
	})
}
