package association_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// The index is compared with a plain list, after each of many random changes.
func TestTheIndexAlwaysAgreesWithASearchOfEveryAssociation(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		of := func(all ...string) string { return all[random.IntN(len(all))] }
		index, plain := association.NewIndex(), map[string]*v1alpha1.PodIdentityAssociation{}
		for range 200 {
			name := fmt.Sprint("a", random.IntN(12))
			if random.IntN(3) == 0 {
				index.Delete(name)
				delete(plain, name)
			} else {
				a := &v1alpha1.PodIdentityAssociation{
					ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(random.IntN(4)), 0))},
					Spec: v1alpha1.PodIdentityAssociationSpec{
						Namespace: of("team", "team-*", "t*", "*", "**", "*-a", "team-a"), ServiceAccount: of("reader", "r*", "*", "*er", "r**"),
						Container: of("", "", "agent", "agent-1", "agent*", "*", "a**", "*1"), RoleARN: name,
					},
				}
				if err := index.Set(a); err != nil {
					t.Fatal(err)
				}
				plain[name] = a
			}
			for _, account := range []association.ServiceAccount{{Namespace: "team", Name: "reader"}, {Namespace: "team-a", Name: "reader"}, {Namespace: "x", Name: "y"}} {
				got, _ := index.Identity(account)
				if want := best(plain, account, ""); got.Association != want {
					t.Fatalf("seed %d: %v has %q, a search of all gives %q", seed, account, got.Association, want)
				}
				checkContainers(t, seed, index, plain, account)
				if all := index.Candidates(account, ""); len(all) > 0 && all[0].Identity != got || len(all) == 0 && got.RoleARN != "" {
					t.Fatalf("seed %d: %v has %q, the candidates are %v", seed, account, got.Association, all)
				}
			}
			for name := range plain {
				if winner := index.Winner(name); winner != "" && !beats(plain[winner], plain[name]) {
					t.Fatalf("seed %d: %s is said to win over %s", seed, winner, name)
				}
			}
		}
	}
}

// checkContainers compares what containers have for themselves, asked one by one and all at once.
func checkContainers(t *testing.T, seed uint64, index *association.Index, plain map[string]*v1alpha1.PodIdentityAssociation, account association.ServiceAccount) {
	t.Helper()
	all := index.Identities(account, []string{"x1", "agent", "agent-1", "agent"})
	pod, _ := index.Identity(account)
	if all.Identity != pod {
		t.Fatalf("seed %d: %v has %v and %v", seed, account, all.Identity, pod)
	}
	for _, container := range []string{"agent", "agent-1", "x1", "x"} {
		want := best(plain, account, container)
		own, ok := index.Own(account, container)
		if own.Association != want || ok != (want != "") || ok && own.Container != container {
			t.Fatalf("seed %d: container %s of %v has %v, a search of all gives %q", seed, container, account, own, want)
		}
		if same, found := all.Own(container); container != "x" && (found != ok || same != own) {
			t.Fatalf("seed %d: container %s of %v has %v and %v", seed, container, account, same, own)
		}
		if first := index.Candidates(account, container); ok && (len(first) == 0 || first[0].Identity.Association != want) {
			t.Fatalf("seed %d: container %s of %v has %q, the candidates are %v", seed, container, account, want, first)
		}
	}
	if !slices.IsSortedFunc(all.Containers, func(a, b contract.Identity) int { return cmp.Compare(a.Container, b.Container) }) {
		t.Fatalf("seed %d: %v are not in order", seed, all.Containers)
	}
}

// best is the name of the association that wins for a container of the account, or for its pods where container is "", or "".
func best(all map[string]*v1alpha1.PodIdentityAssociation, account association.ServiceAccount, container string) string {
	var first *v1alpha1.PodIdentityAssociation
	for _, a := range all {
		if (a.Spec.Container == "") != (container == "") || !association.Pattern(a.Spec.Container).Matches(container) {
			continue
		}
		matches := association.Pattern(a.Spec.Namespace).Matches(account.Namespace) && association.Pattern(a.Spec.ServiceAccount).Matches(account.Name)
		if matches && (first == nil || beats(a, first)) {
			first = a
		}
	}
	if first == nil {
		return ""
	}
	return first.Name
}

// beats is the precedence as the documentation of the API words it.
func beats(a, b *v1alpha1.PodIdentityAssociation) bool {
	for _, pair := range [][2]string{{a.Spec.Namespace, b.Spec.Namespace}, {a.Spec.ServiceAccount, b.Spec.ServiceAccount}, {a.Spec.Container, b.Spec.Container}} {
		if one, other := specificity(pair[0]), specificity(pair[1]); one != other {
			return one > other
		}
	}
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

func specificity(pattern string) int {
	for i, c := range pattern {
		if c == '*' {
			return i
		}
	}
	return 1000
}
