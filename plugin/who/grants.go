// Package who tells who has which role.
package who

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// Grant is one identity of one service account.
type Grant struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	// Container is that of the pods that has the identity for itself: a name, or the pattern of an association that no pod has used yet.
	Container     string `json:"container,omitempty"`
	RoleARN       string `json:"roleARN"`
	TargetRoleARN string `json:"targetRoleARN,omitempty"`
	// Association gives the identity; without one, it is the annotation of the service account.
	Association string `json:"association,omitempty"`
	// Former is whether pods have it though nothing gives it to their service account any more.
	Former bool `json:"former,omitempty"`
	// Pods have it now.
	Pods []string `json:"pods"`
	// Why has all that give the service account an identity, in order of precedence.
	Why []string `json:"why,omitempty"`
}

type key struct {
	account  association.ServiceAccount
	identity contract.Identity
}

// grants collects them.
type grants struct {
	identities *cluster.Identities
	byKey      map[key]*Grant
}

// newGrants has those that associations and annotations give to the accounts.
func newGrants(identities *cluster.Identities, accounts []association.ServiceAccount) grants {
	g := grants{identities, map[key]*Grant{}}
	for _, account := range accounts {
		if identity, ok := identities.Index.Identity(account); ok {
			g.of(account, identity)
		}
		for _, container := range identities.Index.Containers(account) {
			if own, ok := identities.Index.Own(account, string(container)); ok {
				g.of(account, own)
			}
		}
	}
	return g
}

func (g grants) of(account association.ServiceAccount, identity contract.Identity) *Grant {
	k := key{account, withoutTags(identity)}
	if found, ok := g.byKey[k]; ok {
		return found
	}
	current, _ := g.identities.Index.Identity(account)
	if identity.Container != "" {
		current, _ = g.identities.Index.Own(account, identity.Container)
	}
	g.byKey[k] = &Grant{
		Namespace: account.Namespace, ServiceAccount: account.Name, Container: identity.Container, RoleARN: identity.RoleARN, TargetRoleARN: identity.TargetRoleARN,
		Association: identity.Association, Former: k.identity != withoutTags(current), Pods: []string{},
	}
	return g.byKey[k]
}

// withoutTags has no labels of pods, by which pods of one grant differ.
func withoutTags(identity contract.Identity) contract.Identity {
	identity.Tags, identity.TagLabels = "", ""
	return identity
}

// addPod adds a pod to the identity that is written in it. One that cannot be read is no identity: the sidecar does not use it either.
func (g grants) addPod(pod *corev1.Pod) {
	identities, err := contract.ParseIdentities([]byte(pod.Annotations[contract.AnnotationIdentity]))
	if err != nil {
		return
	}
	for _, identity := range identities.All() {
		grant := g.of(cluster.ServiceAccount(pod), identity)
		grant.Pods = append(grant.Pods, pod.Name)
	}
}

// sorted are those that satisfy the predicate.
func (g grants) sorted(satisfies func(*Grant) bool) []*Grant {
	all := slices.Collect(maps.Values(g.byKey))
	all = slices.DeleteFunc(all, func(grant *Grant) bool { return !satisfies(grant) })
	for _, grant := range all {
		slices.Sort(grant.Pods)
	}
	slices.SortFunc(all, func(a, b *Grant) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.ServiceAccount, b.ServiceAccount), cmp.Compare(a.Container, b.Container),
			cmp.Compare(a.RoleARN, b.RoleARN), cmp.Compare(a.from(), b.from()), cmp.Compare(a.TargetRoleARN, b.TargetRoleARN))
	})
	return all
}

// Why has a sentence for each thing that gives the account an identity, or a container of its pods where container is not "", in order of
// precedence.
func Why(identities *cluster.Identities, account association.ServiceAccount, container string) []string {
	candidates := identities.Index.Candidates(account, container)
	var all []string
	for _, c := range candidates {
		all = append(all, fmt.Sprintf("%s gives %s, and %s", title(c), roles(c.Identity), verdict(identities, candidates[0], c)))
	}
	return all
}

func title(c association.Candidate) string {
	if c.Annotation != "" {
		return "annotation " + c.Annotation
	}
	return "association " + c.Identity.Association
}

func roles(identity contract.Identity) string {
	return strings.Join(slices.DeleteFunc([]string{identity.RoleARN, identity.TargetRoleARN}, func(s string) bool { return s == "" }), " then ")
}

func verdict(identities *cluster.Identities, first, c association.Candidate) string {
	switch c.Loses {
	case "":
		return "is in effect"
	case association.ByNamespace:
		return fmt.Sprintf("loses: namespace %s is more specific than %s", first.Namespace, c.Namespace)
	case association.ByServiceAccount:
		return fmt.Sprintf("loses: service account %s is more specific than %s", first.ServiceAccount, c.ServiceAccount)
	case association.ByContainer:
		if c.Container == "" {
			return fmt.Sprintf("loses: it is for the pod, and %s for the container", first.Identity.Association)
		}
		return fmt.Sprintf("loses: container %s is more specific than %s", first.Container, c.Container)
	case association.ByAge:
		return fmt.Sprintf("loses: it selects the same and is younger, of %s", created(identities, c))
	case association.ByName:
		return fmt.Sprintf("loses: it selects the same, is as old, of %s, and comes later in the alphabet", created(identities, c))
	case association.ByKind:
	}
	return "loses: an association takes precedence over the annotation"
}

func created(identities *cluster.Identities, c association.Candidate) string {
	return identities.Associations[c.Identity.Association].CreationTimestamp.UTC().Format("2006-01-02 15:04:05")
}
