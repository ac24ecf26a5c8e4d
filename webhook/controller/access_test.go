package controller

import (
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/api/v1alpha1"
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

// dissociate deletes an association, as the watch of the associations does.
func (c *fakeCluster) dissociate(name string) {
	c.identities.Delete(name)
	c.changes.Notify("team")
}

func (c *fakeCluster) update(object client.Object) {
	c.t.Helper()
	if err := c.client.Update(c.t.Context(), object); err != nil {
		c.t.Fatal(err)
	}
}

func (c *fakeCluster) delete(object client.Object) {
	c.t.Helper()
	if err := c.client.Delete(c.t.Context(), object); err != nil {
		c.t.Fatal(err)
	}
}

// labelledTeam creates the namespace team, with the injection label.
func (c *fakeCluster) labelledTeam(label string) {
	c.t.Helper()
	c.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "team", UID: "namespace", Labels: map[string]string{contract.LabelInject: label}}})
}

func (c *fakeCluster) association(name string) *v1alpha1.PodIdentityAssociation {
	c.t.Helper()
	a := &v1alpha1.PodIdentityAssociation{}
	if err := c.client.Get(c.t.Context(), client.ObjectKey{Name: name}, a); err != nil {
		c.t.Fatal(err)
	}
	return a
}

// events are the reasons of all events.
func (c *fakeCluster) events() []string {
	c.t.Helper()
	var list eventsv1.EventList
	if err := c.client.List(c.t.Context(), &list); err != nil {
		c.t.Fatal(err)
	}
	var reasons []string
	for _, event := range list.Items {
		reasons = append(reasons, event.Reason)
	}
	return reasons
}
