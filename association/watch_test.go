package association_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

const one, two = "arn:aws:iam::111122223333:role/one", "arn:aws:iam::111122223333:role/two"

// changed is a copy of an association after a change of its spec.
func changed(a *v1alpha1.PodIdentityAssociation, change func(*v1alpha1.PodIdentityAssociation)) *v1alpha1.PodIdentityAssociation {
	after := a.DeepCopy()
	after.Generation++
	change(after)
	return after
}

func TestTheIndexFollowsTheAssociationsOfTheCluster(t *testing.T) {
	team := association.Pattern(account.Namespace)
	for name, test := range map[string]func(c *cluster, a *v1alpha1.PodIdentityAssociation){
		"a change of the role is notified": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.Modify(changed(a, func(a *v1alpha1.PodIdentityAssociation) { a.Spec.RoleARN = two }))
			c.expect(two, team, team)
		},
		"an update of the status alone is not notified": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			after := a.DeepCopy()
			after.Status.ObservedGeneration = 7
			c.associations.Modify(after)
			c.expect(one)
		},
		"a deletion is notified": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.Delete(a)
			c.expect("", team)
		},
		"a deletion that the watch missed is notified after the next list": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.DeleteDropWatch(a)
			c.expect(one)
			c.associations.interrupt()
			c.expect("", team)
		},
		"one that was deleted and created again in another namespace, which arrives as an update, is notified in both": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.DeleteDropWatch(a)
			again := a.DeepCopy()
			again.UID, again.Spec.Namespace = "again", "elsewhere"
			c.associations.AddDropWatch(again)
			c.associations.interrupt()
			c.expect("", "elsewhere", team)
		},
		"one that becomes unusable gives no identity, and the log says why": func(c *cluster, a *v1alpha1.PodIdentityAssociation) {
			c.associations.Modify(changed(a, func(a *v1alpha1.PodIdentityAssociation) { a.Spec.SessionDuration = "soon" }))
			c.expect("", team, team)
			if entry := c.logged.LastEntry(); entry == nil || !strings.Contains(entry.Data["error"].(error).Error(), "sessionDuration of PodIdentityAssociation a") {
				c.t.Errorf("logged is %v", entry)
			}
		},
		"one of a pattern is notified by its pattern": func(c *cluster, _ *v1alpha1.PodIdentityAssociation) {
			everywhere := associate("everywhere", "two", 1)
			everywhere.UID, everywhere.Spec.Namespace = "everywhere", "eks-*"
			c.associations.Add(everywhere)
			c.expect(one, "eks-*")
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := associate("a", "one", 1)
			a.UID = "a"
			inCluster(t, func(c *cluster) { c.associations.Add(a) }, func(c *cluster) {
				c.expect(one, team)
				test(c, a)
			})
		})
	}
}

func TestTheIndexIsNotSyncedBeforeTheAPIServerHasAnswered(t *testing.T) {
	inCluster(t, func(c *cluster) {
		c.associations.Add(associate("a", "one", 1))
		c.associations.unreachable.Store(true)
	}, func(c *cluster) {
		time.Sleep(time.Hour)
		if c.synced() {
			c.t.Error("it is synced though nothing could be listed")
		}
		c.expect("")
		c.associations.unreachable.Store(false)
		time.Sleep(time.Hour)
		if !c.synced() {
			c.t.Error("it is not synced")
		}
		c.expect(one, association.Pattern(account.Namespace))
	})
}

func TestOfTheMetadataOfAnAssociationTheCacheHoldsWhatIsUsed(t *testing.T) {
	a := associate("a", "one", 1)
	a.UID, a.Generation = "a", 3
	want := a.DeepCopy()
	a.Labels = map[string]string{"app": "reader"}
	a.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: "{}"}
	a.Finalizers = []string{"example.com/finalizer"}
	inCluster(t, func(c *cluster) { c.associations.Add(a) }, func(c *cluster) {
		stored, err := association.Stored(c.t.Context(), c.cache)
		if err != nil {
			c.t.Fatal(err)
		}
		want.ResourceVersion = "1"
		if all := stored(); !equality.Semantic.DeepEqual(all, []*v1alpha1.PodIdentityAssociation{want}) {
			c.t.Errorf("stored is %+v, not %+v", all, want)
		}
	})
}

// noInformers has none.
type noInformers struct{ cache.Informers }

func (noInformers) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return nil, errors.New("no such kind")
}

func TestAWatchThatCannotBeSetUpSaysOfWhat(t *testing.T) {
	if _, _, err := association.Watch(t.Context(), noInformers{}, nil, nil, nil); err == nil || err.Error() != "watch PodIdentityAssociations: no such kind" {
		t.Errorf("associations: %v", err)
	}
	if _, err := association.Stored(t.Context(), noInformers{}); err == nil || err.Error() != "watch PodIdentityAssociations: no such kind" {
		t.Errorf("stored associations: %v", err)
	}
	if _, err := association.WatchRoles(t.Context(), noInformers{}, nil, association.AllAnnotations, nil, nil); err == nil || err.Error() != "watch Namespaces: no such kind" {
		t.Errorf("roles: %v", err)
	}
}

// Controllers compare the status that they have with the one that they want, and write it where these differ.
func TestAnAssociationInTheCacheHasItsSpecAndItsStatus(t *testing.T) {
	kept := associate("a", "one", 1)
	kept.Status = v1alpha1.PodIdentityAssociationStatus{ObservedGeneration: 3, Pods: 2, Conditions: []metav1.Condition{
		{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonNoCredentials, Message: "because", ObservedGeneration: 3},
		{Type: v1alpha1.ConditionConflicted, Status: metav1.ConditionUnknown},
	}}
	for _, options := range association.Watched() {
		got, err := options.Transform(kept.DeepCopy())
		if a, ok := got.(*v1alpha1.PodIdentityAssociation); err != nil || !ok || !reflect.DeepEqual(a.Spec, kept.Spec) || !reflect.DeepEqual(a.Status, kept.Status) {
			t.Errorf("kept is %+v, %v", got, err)
		}
	}
}
