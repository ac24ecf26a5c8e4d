package controller

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// unlabel removes the label that the leader's watch selects, and forges the identity.
func (c *fakeCluster) unlabel(name string) {
	pod := c.pod(name)
	pod.Labels = nil
	carries(`{"roleARN":"admin"}`)(pod)
	c.update(pod)
}

func TestAPodThatLosesOurLabelGetsItBackAndItsIdentityIsKeptTrue(t *testing.T) {
	// lose removes the label, and returns what ends the term of the leader of then.
	type lose func(c *fakeCluster, stop func()) func()
	seen := func(c *fakeCluster, stop func()) func() {
		c.unlabel("app")
		return stop
	}
	for name, test := range map[string]struct {
		label string
		lose  lose
	}{
		"in a labelled namespace":                    {contract.InjectEnabled, seen},
		"in a namespace that has lost its own label": {"", seen},
		"while the watch was broken": {"", func(c *fakeCluster, stop func()) func() {
			c.disconnect()
			c.unlabel("app")
			time.Sleep(time.Minute)
			c.reconnect()
			return stop
		}},
		"while no replica led": {contract.InjectEnabled, func(c *fakeCluster, stop func()) func() {
			stop()
			c.unlabel("app")
			return c.lead()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { losesLabel(t, test.label, test.lose) })
		})
	}
}

func losesLabel(t *testing.T, label string, lose func(c *fakeCluster, stop func()) func()) {
	c := newFakeCluster(t)
	if label != "" {
		c.labelledTeam(label)
	}
	c.associate("reader")
	c.create(injectedPod("app", "reader"))
	stop := c.lead()
	time.Sleep(time.Minute)
	right := c.pod("app").Annotations[contract.AnnotationIdentity]
	defer lose(c, stop)()
	time.Sleep(time.Minute)
	pod := c.pod("app")
	if pod.Labels[contract.LabelInjected] != "true" || pod.Annotations[contract.AnnotationIdentity] != right || right == "" {
		t.Errorf("it has %v and %v", pod.Labels, pod.Annotations)
	}
	if events := c.events(); events != nil {
		t.Errorf("a pod with a sidecar is told of %q", events)
	}
	c.dissociate("reader")
	time.Sleep(time.Minute)
	if identity, has := c.pod("app").Annotations[contract.AnnotationIdentity]; has {
		t.Errorf("without an association it has %s", identity)
	}
}

func TestAnotherWriterThatRemovesOurLabelIsAnsweredInBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(injectedPod("app", "reader"))
		defer c.lead()()
		time.Sleep(time.Minute)
		c.written()
		for range 600 {
			if pod := c.pod("app"); pod.Labels != nil {
				pod.Labels = nil
				c.update(pod)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if writes := len(c.written()); writes < 10 || time.Duration(writes) > time.Minute/relabelDelay {
			t.Errorf("in a minute it was answered %d times", writes)
		}
	})
}

func TestADeletedPodIsNotLabelled(t *testing.T) {
	for name, end := range map[string]func(*corev1.Pod){
		"by force, without a deletion timestamp": func(*corev1.Pod) {},
		"after it has ended":                     func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				pod := changed(injectedPod("app", "reader"), end)
				c.create(pod)
				defer c.lead()()
				time.Sleep(time.Minute)
				c.written()
				c.delete(pod)
				time.Sleep(time.Minute)
				if writes := c.written(); writes != nil {
					t.Errorf("wrote %q", writes)
				}
			})
		})
	}
}

func TestAForeignContainerOfOurNameIsNotLabelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.labelledTeam(contract.InjectEnabled)
		c.create(changed(injectedPod("app", "reader"), func(p *corev1.Pod) {
			p.Labels, p.Spec.InitContainers[0].RestartPolicy = nil, nil
		}))
		defer c.lead()()
		time.Sleep(time.Minute)
		if writes := c.written(); slices.Contains(writes, "patch pods/app") {
			t.Errorf("wrote %q", writes)
		}
	})
}
