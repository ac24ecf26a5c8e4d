package controller

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/association"
)

func TestPodsAreCountedForTheAssociationThatTheyHave(t *testing.T) {
	all := activePods([]any{
		injectedPod("a", "reader"),
		waitingPod("c", "reader"),
		waitingPod("b", "reader"),
		injectedPod("d", "writer"),
		injectedPod("e", "nobody"),
		injectedPod("f", "irsa"),
		changed(injectedPod("g", "reader"), func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
		changed(injectedPod("h", "reader"), func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }),
		changed(injectedPod("i", "reader"), func(p *corev1.Pod) { p.Spec.InitContainers = nil }),
	})
	identities := index(t, "reader", "writer")
	identities.SetRole(association.ServiceAccount{Namespace: "team", Name: "irsa"}, "role")
	begin := time.Now()
	since := waitingSince{}.update(all, always(begin))
	said := map[string]string{"a": "STS refuses", "d": "STS is away", "e": "STS refuses"}
	got := usageByAssociation(all, identities, since.unready(begin.Add(2*unreadyThreshold)), func(p *corev1.Pod) string { return said[p.Name] })
	if reader := got["reader"]; reader.pods != 3 || reader.unready != 2 || reader.example.Name != "b" || reader.failing != 1 || reader.failingExample.Name != "a" || reader.trouble != "STS refuses" {
		t.Errorf("reader has %+v", reader)
	}
	if writer := got["writer"]; writer.pods != 1 || writer.unready != 0 || writer.failing != 1 || writer.trouble != "STS is away" {
		t.Errorf("writer has %+v", writer)
	}
	if len(got) != 2 {
		t.Errorf("counted for %v", got)
	}
}

func TestOnlyAPodThatWaitsForLongIsUnready(t *testing.T) {
	waiting, served := waitingPod("a", "reader"), injectedPod("a", "reader")
	begin := time.Now()
	at := func(since waitingSince, now time.Time, pod *corev1.Pod) waitingSince {
		return since.update([]*corev1.Pod{pod}, always(now))
	}
	since := at(nil, begin, waiting)
	if since.unready(begin.Add(unreadyThreshold))(waiting) {
		t.Error("a minute is too short")
	}
	since = at(since, begin.Add(unreadyThreshold), waiting)
	if !since.unready(begin.Add(unreadyThreshold + time.Second))(waiting) {
		t.Error("over a minute is long enough")
	}
	since = at(since, begin.Add(unreadyThreshold+time.Second), served)
	since = at(since, begin.Add(unreadyThreshold+2*time.Second), waiting)
	if since.unready(begin.Add(unreadyThreshold + 3*time.Second))(waiting) {
		t.Error("who had credentials in between waits anew")
	}
}

func always(at time.Time) func(*corev1.Pod) time.Time {
	return func(*corev1.Pod) time.Time { return at }
}
