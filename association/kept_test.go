package association_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

// terminateDefinition has the API server delete every association, as it does first when the definition is deleted.
func (c *cluster) terminateDefinition() {
	c.definitions.terminate()
	for _, object := range c.associations.Items {
		c.associations.Delete(object.(*v1alpha1.PodIdentityAssociation))
	}
	synctest.Wait()
}

// deleteDefinition ends with an API server that knows no associations.
func (c *cluster) deleteDefinition() {
	c.terminateDefinition()
	c.definitions.delete()
	c.associations.unserved.Store(true)
	c.associations.ResetWatch()
}

// applyDefinition brings it back without associations.
func (c *cluster) applyDefinition() {
	c.definitions.apply("second")
	c.associations.unserved.Store(false)
}

// again is a as it is after it was applied again.
func again(a *v1alpha1.PodIdentityAssociation, role string) *v1alpha1.PodIdentityAssociation {
	restored := a.DeepCopy()
	restored.UID += "-again"
	restored.Spec.RoleARN = role
	restored.CreationTimestamp.Time = time.Now()
	return restored
}

// heal is how soon after its return an association has to be in effect.
const heal = 2 * time.Second

// away is long enough for an informer that asks in vain to do so once a minute.
const away = 4 * time.Minute

func TestADefinitionThatIsDeletedTakesNobodysIdentityAway(t *testing.T) {
	team := association.Pattern(account.Namespace)
	for name, test := range map[string]func(c *cluster, a *v1alpha1.PodIdentityAssociation){
		"while it is being deleted, which a finalizer can delay": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.terminateDefinition()
			time.Sleep(away)
			c.expect(one)
		},
		"while it is gone, for however long": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.deleteDefinition()
			time.Sleep(away)
			c.expect(one)
		},
		"while the API server cannot be asked whether it was": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.definitions.refuse(metav1.StatusReasonInternalError)
			c.deleteDefinition()
			time.Sleep(away)
			c.definitions.refuse("")
			time.Sleep(away)
			c.expect(one)
		},
		"for ten minutes after its return, and then what is not applied again": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.deleteDefinition()
			time.Sleep(away)
			c.applyDefinition()
			time.Sleep(10*time.Minute - time.Second)
			c.expect(one)
			time.Sleep(2 * time.Second)
			c.expect("", team)
		},
		"when it was gone and back while nobody watched": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.definitions.refuse(metav1.StatusReasonInternalError)
			c.associations.unreachable.Store(true)
			c.associations.ResetWatch()
			c.deleteDefinition()
			c.applyDefinition()
			time.Sleep(away)
			c.associations.unreachable.Store(false)
			c.definitions.refuse("")
			time.Sleep(time.Minute)
			c.expect(one)
		},
		"when it is deleted again within the ten minutes": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			c.deleteDefinition()
			time.Sleep(away)
			c.applyDefinition()
			time.Sleep(5 * time.Minute)
			c.deleteDefinition()
			time.Sleep(away)
			c.expect(one)
		},
	} {
		t.Run(name, func(t *testing.T) {
			afterStart(t, func(c *cluster, a *v1alpha1.PodIdentityAssociation) { test(c, a) })
		})
	}
}

func afterStart(t *testing.T, test func(*cluster, *v1alpha1.PodIdentityAssociation)) {
	t.Helper()
	a := associate("a", "one", 1)
	a.UID = "a"
	inCluster(t, func(c *cluster) { c.associations.Add(a) }, func(c *cluster) {
		c.expect(one, association.Pattern(account.Namespace))
		test(c, a)
	})
}

func TestAfterTheReturnOfTheDefinitionWhatIsAppliedAgainCountsAtOnce(t *testing.T) {
	team := association.Pattern(account.Namespace)
	for name, test := range map[string]func(c *cluster, a *v1alpha1.PodIdentityAssociation){
		"with what it says now": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.Add(again(a, two))
			time.Sleep(heal)
			c.expect(two, team)
		},
		"over one of the same selector that is not there again, though that was older": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			other := associate("z", "two", 1)
			other.CreationTimestamp.Time = time.Now()
			c.associations.Add(other)
			time.Sleep(heal)
			c.expect(two, team)
		},
		"and its deletion as well": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			restored := again(a, one)
			c.associations.Add(restored)
			time.Sleep(heal)
			c.expect(one, team)
			c.associations.Delete(restored)
			c.expect("", team)
		},
		"and stays after the ten minutes": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.Add(again(a, one))
			time.Sleep(20 * time.Minute)
			c.expect(one, team)
		},
	} {
		t.Run(name, func(t *testing.T) {
			afterStart(t, func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
				c.deleteDefinition()
				time.Sleep(away)
				c.applyDefinition()
				test(c, a)
			})
		})
	}
}

func TestADefinitionThatCannotBeReadDelaysADeletionUntilItCan(t *testing.T) {
	afterStart(t, func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
		c.definitions.refuse(metav1.StatusReasonInternalError)
		c.associations.Delete(a)
		time.Sleep(away)
		c.expect(one)
		c.expectErrors("cannot be read")
		c.definitions.refuse("")
		time.Sleep(time.Second)
		c.expect("", association.Pattern(account.Namespace))
	})
}

func TestWithoutTheRightToReadTheDefinitionEveryDeletionCounts(t *testing.T) {
	afterStart(t, func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
		c.definitions.refuse(metav1.StatusReasonForbidden)
		c.associations.Delete(a)
		c.expect("", association.Pattern(account.Namespace))
		c.expectErrors("the right to read the CustomResourceDefinition of associations is missing")
	})
}

func TestADeletedDefinitionIsLoggedAndCountedOnce(t *testing.T) {
	afterStart(t, func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
		c.expectMissing(0)
		c.deleteDefinition()
		time.Sleep(away)
		c.expectMissing(1)
		c.expectErrors("is deleted: pods keep the identities")
		if state := c.definition.State(); state.UID != "first" || !state.Missing {
			t.Errorf("the state is %+v", state)
		}
		c.applyDefinition()
		time.Sleep(heal)
		c.expectMissing(0)
		if state := c.definition.State(); state.UID != "second" || state.Missing {
			t.Errorf("the state is %+v", state)
		}
	})
}

func TestWithNothingToDecideTheDefinitionIsNotRead(t *testing.T) {
	afterStart(t, func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
		before := c.definitions.reads
		time.Sleep(away)
		if reads := c.definitions.reads - before; reads > 0 {
			t.Errorf("it was read %d times", reads)
		}
	})
}

// expectErrors requires that exactly one error was logged, and what it says.
func (c *cluster) expectErrors(says string) {
	c.t.Helper()
	var errors []string
	for _, entry := range c.logged.AllEntries() {
		if entry.Level.String() == "error" {
			errors = append(errors, entry.Message)
		}
	}
	if len(errors) != 1 || !strings.Contains(errors[0], says) {
		c.t.Errorf("logged are %q, not one error that says %q", errors, says)
	}
}

func (c *cluster) expectMissing(want float64) {
	c.t.Helper()
	families, err := c.metrics.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	if got := families[0].GetMetric()[0].GetGauge().GetValue(); got != want {
		c.t.Errorf("%s is %v, not %v", families[0].GetName(), got, want)
	}
}
