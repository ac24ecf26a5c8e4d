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
	for name, test := range map[string]struct {
		label  string
		unseen func(c *fakeCluster)
	}{
		"in a labelled namespace":                    {label: contract.InjectEnabled},
		"in a namespace that has lost its own label": {},
		"while the watch was broken": {unseen: func(c *fakeCluster) {
			c.disconnect()
			c.unlabel("app")
			time.Sleep(time.Minute)
			c.reconnect()
		}},
		"while no replica led": {label: contract.InjectEnabled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				if test.label != "" {
					c.labelledTeam(test.label)
				}
				c.associate("reader")
				c.create(injectedPod("app", "reader"))
				stop := c.lead()
				time.Sleep(time.Minute)
				right := c.pod("app").Annotations[contract.AnnotationIdentity]
				switch {
				case test.unseen != nil:
					test.unseen(c)
				case name == "while no replica led":
					stop()
					c.unlabel("app")
					stop = c.lead()
				default:
					c.unlabel("app")
				}
				time.Sleep(time.Minute)
				defer stop()
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
			})
		})
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
