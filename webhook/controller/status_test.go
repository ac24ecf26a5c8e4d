package controller

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

// readiness is the status and the reason of an association's condition Ready.
func (c *fakeCluster) readiness(name string) string {
	c.t.Helper()
	condition := ready(c.association(name).Status)
	return string(condition.Status) + " " + condition.Reason
}

// serve gives the sidecar of a pod credentials.
func (c *fakeCluster) serve(name string) {
	pod := c.pod(name)
	pod.Status.InitContainerStatuses = nil
	if err := c.client.Status().Update(c.t.Context(), pod); err != nil {
		c.t.Fatal(err)
	}
}

func TestAnAssociationSaysThatItsPodsAreRefusedAndThatTheyNoLongerAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("reader")
		c.create(newAssociation("reader"), waitingPod("app", "reader"), injectedPod("other", "reader"))
		defer c.lead()()
		time.Sleep(unreadyThreshold - 10*time.Second)
		if got := c.readiness("reader"); got != "True InEffect" || c.association("reader").Status.Pods != 2 || c.events() != nil {
			t.Errorf("at first it is %s, of %d pods, with events %q", got, c.association("reader").Status.Pods, c.events())
		}
		time.Sleep(2 * recheckInterval)
		if got := c.readiness("reader"); got != "False NoCredentials" || !slices.Equal(c.events(), []string{"NoCredentials"}) {
			t.Errorf("after a while it is %s, with events %q", got, c.events())
		}
		c.serve("app")
		time.Sleep(2 * debounce)
		events := c.events()
		slices.Sort(events)
		if got := c.readiness("reader"); got != "True InEffect" || !slices.Equal(events, []string{"InEffect", "NoCredentials"}) {
			t.Errorf("at last it is %s, with events %q", got, events)
		}
	})
}

func TestANewLeaderGoesOnFromWhatTheConditionSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("refused")
		c.associate("other")
		c.create(newAssociation("refused"), newAssociation("other"), waitingPod("app", "refused"))
		stop := c.lead()
		time.Sleep(2 * time.Minute)
		stop()
		before := c.association("refused").Status
		if got := ready(before).Reason; got != "NoCredentials" {
			t.Fatalf("it says %s", got)
		}
		// Too young to have waited, as one is of an association that says nothing yet.
		young := waitingPod("young", "refused")
		young.CreationTimestamp = metav1.NewTime(time.Now().Truncate(time.Second))
		c.create(young, waitingPod("elsewhere", "other"))
		c.written()
		defer c.lead()()
		time.Sleep(unreadyThreshold - 10*time.Second)
		after := c.association("refused").Status
		if !ready(after).LastTransitionTime.Time.Equal(ready(before).LastTransitionTime.Time) || !strings.HasPrefix(ready(after).Message, "1 of 2 pods ") {
			t.Errorf("the new leader says %+v", ready(after))
		}
		if got := c.readiness("other"); got != "True InEffect" {
			t.Errorf("the other is %s", got)
		}
		if events := c.events(); !slices.Equal(events, []string{"NoCredentials"}) {
			t.Errorf("events %q", events)
		}
		c.serve("app")
		c.serve("young")
		time.Sleep(2 * debounce)
		if got := c.readiness("refused"); got != "True InEffect" {
			t.Errorf("after its pods got credentials it is %s", got)
		}
	})
}

func TestOfTwoAssociationsThatSelectTheSameTheYoungerSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		older, younger := newAssociation("reader"), newAssociation("reader")
		younger.Name, younger.UID = "younger", "younger"
		older.CreationTimestamp, younger.CreationTimestamp = metav1.Unix(1, 0), metav1.Unix(2, 0)
		for _, a := range []*v1alpha1.PodIdentityAssociation{older, younger} {
			if err := c.identities.Set(a); err != nil {
				t.Fatal(err)
			}
			c.create(a)
		}
		defer c.lead()()
		time.Sleep(time.Second)
		if got := c.readiness("younger"); got != "False Conflicted" || !meta.IsStatusConditionTrue(c.association("younger").Status.Conditions, "Conflicted") {
			t.Errorf("the younger is %s", got)
		}
		if got := c.readiness("reader"); got != "True InEffect" || !slices.Equal(c.events(), []string{"Conflicted"}) {
			t.Errorf("the older is %s, with events %q", got, c.events())
		}
	})
}

func TestAStatusIsWrittenOnceForManyPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("reader")
		c.create(newAssociation("reader"))
		defer c.lead()()
		time.Sleep(recheckInterval * 3 / 2) // far from a recheck
		c.written()
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			c.create(injectedPod(name, "reader"))
			time.Sleep(100 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		writes := slices.DeleteFunc(c.written(), func(write string) bool { return write != "patch associations/reader/status" })
		if len(writes) != 1 || c.association("reader").Status.Pods != 5 {
			t.Errorf("%d writes, %d pods", len(writes), c.association("reader").Status.Pods)
		}
	})
}

func TestAStatusThatCouldNotBeWrittenIsWrittenLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(newAssociation("reader"))
		c.fail = func(string) error {
			if len(c.writes) < 3 {
				return errors.New("connection refused")
			}
			return nil
		}
		defer c.lead()()
		time.Sleep(10 * time.Second)
		if got := c.readiness("reader"); got != "True InEffect" || len(c.written()) != 3 {
			t.Errorf("it is %s", got)
		}
	})
}

func TestAnEventThatCouldNotBeCreatedDoesNotHoldUpTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		garbled := newAssociation("reader")
		garbled.Spec.Policy = "{]"
		c.create(garbled)
		c.fail = func(write string) error {
			if write == "create event Unusable" {
				return errors.New("connection refused")
			}
			return nil
		}
		defer c.lead()()
		time.Sleep(time.Minute)
		if got := c.readiness("reader"); got != "False Unusable" || !slices.Equal(c.written(), []string{"patch associations/reader/status", "create event Unusable"}) {
			t.Errorf("it is %s", got)
		}
	})
}

func TestAReplacedAssociationIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		replaced, deleted, present := newAssociation("replaced"), newAssociation("deleted"), newAssociation("replaced")
		c.create(present)
		reporter := &statusReporter{client: c.writer(), identities: association.NewIndex()}
		replaced.UID = "earlier"
		for _, a := range []*v1alpha1.PodIdentityAssociation{replaced, deleted} {
			if err := reporter.write(t.Context(), a, outcome{}.status(a)); err != nil {
				t.Errorf("%s: %v", a.Name, err)
			}
		}
		if conditions := c.association("replaced").Status.Conditions; conditions != nil {
			t.Errorf("the other says %v", conditions)
		}
	})
}
