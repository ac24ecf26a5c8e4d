package report

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// byName gives each service account the association of its own name, but "irsa" one without a name and "nobody" none.
type byName struct{}

func (byName) Identity(account association.ServiceAccount) (contract.Identity, bool) {
	switch account.Name {
	case "nobody":
		return contract.Identity{}, false
	case "irsa":
		return contract.Identity{RoleARN: "role"}, true
	}
	return contract.Identity{Association: account.Name, RoleARN: "role"}, true
}

func (byName) Winner(string) string { return "" }

func pod(name, account string, change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, UID: types.UID(name)},
		Spec:       corev1.PodSpec{ServiceAccountName: account, InitContainers: []corev1.Container{{Name: contract.ContainerName}}},
	}
	change(p)
	return p
}

func waits(p *corev1.Pod) {
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: contract.ContainerName}}
}

func TestPodsAreCountedForTheAssociationThatTheyHave(t *testing.T) {
	same := func(*corev1.Pod) {}
	all := living([]any{
		pod("a", "reader", same),
		pod("c", "reader", waits),
		pod("b", "reader", waits),
		pod("d", "writer", same),
		pod("e", "nobody", same),
		pod("f", "irsa", same),
		pod("g", "reader", func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }),
		pod("h", "reader", func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }),
		pod("i", "reader", func(p *corev1.Pod) { p.Spec.InitContainers = nil }),
	})
	begin := time.Now()
	seen := waiting{}.at(begin, all)
	got := count(all, byName{}, seen.impatient(begin.Add(2*patience)))
	if reader := got["reader"]; reader.count != 3 || reader.waiting != 2 || reader.example.Name != "b" {
		t.Errorf("reader has %+v", reader)
	}
	if writer := got["writer"]; writer.count != 1 || writer.waiting != 0 {
		t.Errorf("writer has %+v", writer)
	}
	if len(got) != 2 {
		t.Errorf("counted for %v", got)
	}
}

func TestOnlyWhoWaitsForLongIsImpatient(t *testing.T) {
	p := pod("a", "reader", waits)
	begin := time.Now()
	w := waiting{}.at(begin, []*corev1.Pod{p})
	if w.impatient(begin.Add(patience))(p) {
		t.Error("a minute is too short")
	}
	w = w.at(begin.Add(patience), []*corev1.Pod{p})
	if !w.impatient(begin.Add(patience + time.Second))(p) {
		t.Error("over a minute is long enough")
	}
	p.Status.InitContainerStatuses = nil
	w = w.at(begin.Add(patience+time.Second), []*corev1.Pod{p})
	waits(p)
	w = w.at(begin.Add(patience+2*time.Second), []*corev1.Pod{p})
	if w.impatient(begin.Add(patience + 3*time.Second))(p) {
		t.Error("who had credentials in between waits anew")
	}
}
