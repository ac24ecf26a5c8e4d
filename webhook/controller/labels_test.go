package controller

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// listLabels has the association reader list these labels from now on.
func (c *fakeCluster) listLabels(keys ...string) {
	a := newAssociation("reader")
	a.Spec.TagLabels = keys
	if err := c.identities.Set(a); err != nil {
		c.t.Error(err)
	}
	c.changes.Notify("team")
}

// listOne lists the metadata of the pod of one name. It is recorded, and can fail, as a write.
func (c *fakeCluster) listOne(ctx context.Context, w client.WithWatch, list *metav1.PartialObjectMetadataList, options client.ListOptions) error {
	name, _ := options.FieldSelector.RequiresExactMatch("metadata.name")
	if err := c.write("read pods/" + name); err != nil {
		return err
	}
	var pod metav1.PartialObjectMetadata
	pod.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
	err := w.Get(ctx, client.ObjectKey{Namespace: options.Namespace, Name: name}, &pod)
	if err == nil {
		list.Items = append(list.Items, pod)
	}
	return client.IgnoreNotFound(err)
}

// tags are those in the identity document of a pod.
func (c *fakeCluster) tags(pod string) string {
	identity, err := contract.ParseIdentities([]byte(c.pod(pod).Annotations[contract.AnnotationIdentity]))
	if err != nil {
		c.t.Error(err)
	}
	return identity.Tags
}

func labelled(labels ...string) func(*corev1.Pod) {
	return func(pod *corev1.Pod) {
		for _, label := range labels {
			key, value, _ := strings.Cut(label, "=")
			pod.Labels[key] = value
		}
	}
}

func TestChangesOfLabelsReachTheIdentityOfARunningPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(changed(injectedPod("app", "reader"), labelled("team=shop", "tier=web")))
		c.listLabels("team")
		defer c.lead()()
		for _, step := range []struct {
			what   string
			change func()
			want   string
			writes []string
		}{
			{"the association lists one of its labels", func() {}, "team=shop", []string{"patch pods/app"}},
			{"the label changes", func() { c.update(changed(c.pod("app"), labelled("team=bank"))) }, "team=bank", []string{"patch pods/app"}},
			{"a label changes that is not listed", func() { c.update(changed(c.pod("app"), labelled("tier=data"))) }, "team=bank", nil},
			{"the association lists another as well", func() { c.listLabels("team", "tier") }, "team=bank,tier=data", []string{"read pods/app", "patch pods/app"}},
			{"the label goes", func() { c.update(changed(c.pod("app"), func(pod *corev1.Pod) { delete(pod.Labels, "tier") })) }, "team=bank", []string{"patch pods/app"}},
			{"the association lists none any more", func() { c.listLabels() }, "", []string{"patch pods/app"}},
		} {
			step.change()
			time.Sleep(time.Minute)
			if got, writes := c.tags("app"), c.written(); got != step.want || !slices.Equal(writes, step.writes) {
				t.Errorf("%s: the tags are %q, after %q", step.what, got, writes)
			}
		}
	})
}

func TestLabelsThatWereNotKeptAreReadOnceForEachState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		pod := injectedPod("app", "reader")
		c.create(pod)
		c.listLabels()
		annotator, stop := c.annotate()
		defer stop()
		time.Sleep(time.Minute)
		c.written()
		failures := 2
		c.fail = func(string) error {
			if failures--; failures >= 0 {
				return errors.New("connection refused")
			}
			return nil
		}
		for range 3 { // the pod has no such label, so that nothing is written and the watch brings nothing
			c.listLabels("team")
			time.Sleep(time.Minute)
		}
		if writes := c.written(); !slices.Equal(writes, slices.Repeat([]string{"read pods/app"}, 3)) {
			t.Errorf("after two failures it did %q", writes)
		}
		c.delete(pod)
		time.Sleep(time.Minute)
		if annotator.labels.count() > 0 {
			t.Error("the labels of a deleted pod are remembered")
		}
	})
}

func (r *labelReader) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.read)
}

func TestManyPodsWhoseLabelsWereNotKeptAreReadInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		for i := range batchSize + 50 {
			c.create(changed(injectedPod(fmt.Sprintf("app-%03d", i), "reader"), labelled("team=shop")))
		}
		c.listLabels()
		defer c.lead()()
		time.Sleep(time.Minute)
		c.written()
		c.listLabels("team")
		time.Sleep(batchPause / 2)
		if writes := c.written(); len(writes) != batchSize {
			t.Errorf("the first batch has %d reads", len(writes))
		}
		time.Sleep(time.Minute)
		if writes := c.written(); len(writes) != 50+batchSize+50 {
			t.Errorf("what follows has %d reads and writes", len(writes))
		}
		if c.tags("app-000") != "team=shop" || c.tags("app-249") != "team=shop" {
			t.Error("the labels are not in all identities")
		}
	})
}

func TestOnlyLabelsThatTheIdentityReadsAreKept(t *testing.T) {
	identities := index(t, "reader")
	listing := newAssociation("writer")
	listing.Spec.TagLabels = []string{"team", "zone"}
	if err := identities.Set(listing); err != nil {
		t.Fatal(err)
	}
	tr := &trimmer{identities: identities}
	for name, test := range map[string]struct {
		account string
		want    map[string]string
		kept    string
	}{
		"those that its association lists":           {"writer", map[string]string{"team": "shop"}, "team,zone"},
		"none of a pod whose association lists none": {"reader", nil, ""},
		"none of a pod without association":          {"nobody", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := changed(injectedPod("p", test.account), labelled("team=shop", "tier=web"))
			pod.Annotations = map[string]string{annotationLabelsKept: "tier"}
			for range 2 {
				pod = trimPod(t, tr, pod)
				if !maps.Equal(pod.Labels, test.want) || pod.Annotations[annotationLabelsKept] != test.kept {
					t.Errorf("kept %v, and %q", pod.Labels, pod.Annotations)
				}
			}
			// What was left out stays unknown, also if an association lists it by the second time.
			listing.Spec.TagLabels = []string{"team", "tier", "zone"}
			if err := identities.Set(listing); err != nil {
				t.Fatal(err)
			}
			if again := trimPod(t, tr, pod); again.Annotations[annotationLabelsKept] != test.kept {
				t.Errorf("trimmed again it claims to have %q", again.Annotations[annotationLabelsKept])
			}
			listing.Spec.TagLabels = []string{"team", "zone"}
			if err := identities.Set(listing); err != nil {
				t.Fatal(err)
			}
		})
	}
}
