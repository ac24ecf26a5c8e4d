package controller

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// create adds objects to the cluster.
func (c *fakeCluster) create(objects ...client.Object) {
	c.t.Helper()
	for _, object := range objects {
		if err := c.client.Create(c.t.Context(), object); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *fakeCluster) pod(name string) *corev1.Pod {
	c.t.Helper()
	pod := &corev1.Pod{}
	if err := c.client.Get(c.t.Context(), client.ObjectKey{Namespace: "team", Name: name}, pod); err != nil {
		c.t.Fatal(err)
	}
	return pod
}

// associate gives the service account of this name a role, as the watch of the associations does.
func (c *fakeCluster) associate(name string) {
	c.t.Helper()
	if err := c.identities.Set(newAssociation(name)); err != nil {
		c.t.Fatal(err)
	}
	c.changes.Notify("team")
}

func TestAnAssociationReachesThePodsThatRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(injectedPod("early", "reader"))
		_, stop := c.lead()
		defer stop()
		time.Sleep(time.Second)
		c.associate("reader")
		time.Sleep(time.Second)
		c.create(injectedPod("late", "reader"))
		time.Sleep(time.Second)
		for _, name := range []string{"early", "late"} {
			pod := c.pod(name)
			if pod.Annotations[contract.AnnotationIdentity] != `{"association":"reader","roleARN":"arn:aws:iam::111122223333:role/reader"}` || pod.Annotations[contract.AnnotationStatus] != "injected" {
				t.Errorf("%s has %v", name, pod.Annotations)
			}
		}
		if writes := c.written(); !slices.Equal(writes, []string{"patch pods/early", "patch pods/early", "patch pods/late"}) {
			t.Errorf("wrote %q", writes)
		}
	})
}
