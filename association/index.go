// Package association knows which identity a service account has, and answers from memory.
package association

import (
	"cmp"
	"slices"
	"sync"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// ServiceAccount names one service account of the cluster.
type ServiceAccount struct {
	Namespace, Name string
}

// Index finds the identities of the pods of a service account. It is safe for concurrent use.
type Index struct {
	mu sync.RWMutex
	// pods are the associations that are for whole pods, containers those that are for some of their containers.
	pods, containers selection
	// byName has every entry by the name of its association.
	byName map[string]*entry
	annotated
}

// entry is one association. All places have the same one, since a cluster may have many.
type entry struct {
	namespace, serviceAccount Pattern
	// container is empty if the association is for whole pods.
	container Pattern
	created   int64
	// former is of a definition that is no more.
	former   bool
	identity contract.Identity
}

// account is the text of the patterns; of an exact entry, the one service account that it selects.
func (e *entry) account() ServiceAccount {
	return ServiceAccount{Namespace: string(e.namespace), Name: string(e.serviceAccount)}
}

func (e *entry) exact() bool { return e.namespace.exact() && e.serviceAccount.exact() }

func (e *entry) selects(account ServiceAccount) bool {
	return e.namespace.Matches(account.Namespace) && e.serviceAccount.Matches(account.Name)
}

// comparePrecedence sorts the entry that wins first, of two for whole pods or of two for containers: by the more specific namespace, then
// by the more specific service account, then by the more specific container, where an exact name beats every pattern and the longer
// literal prefix the shorter; then one that exists before one that is kept from a former definition; then by age, so that a new
// association takes nothing away from running pods; then by name.
func comparePrecedence(a, b *entry) int {
	return cmp.Or(
		cmp.Compare(b.namespace.specificity(), a.namespace.specificity()),
		cmp.Compare(b.serviceAccount.specificity(), a.serviceAccount.specificity()),
		cmp.Compare(b.container.specificity(), a.container.specificity()),
		compareBool(a.former, b.former),
		cmp.Compare(a.created, b.created),
		cmp.Compare(a.identity.Association, b.identity.Association),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// NewIndex returns an index without associations.
func NewIndex() *Index {
	return &Index{pods: newSelection(), containers: newSelection(), byName: map[string]*entry{}, annotated: newAnnotated()}
}

// Identity is what the associations give to whole pods of the account, or else the role that its annotation names, within the bounds of its
// namespace; ok is false where there is neither.
func (x *Index) Identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.identity(account)
}

func (x *Index) identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	if identity, ok = x.pods.find(account, ""); ok {
		return identity, true
	}
	chosen, err := x.choice(account)
	if err != nil || chosen.RoleARN == "" {
		return contract.Identity{}, false
	}
	return contract.Identity{RoleARN: chosen.RoleARN}, true
}

// Identities are the Identity of a pod of the account, and those that containers of these names have for themselves.
func (x *Index) Identities(account ServiceAccount, containers []string) contract.Identities {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var ids contract.Identities
	ids.Identity, _ = x.identity(account)
	if x.containers.empty() {
		return ids
	}
	entries := x.containers.of(account)
	for _, container := range containers {
		if e, ok := first(entries, container); ok {
			own := e.identity
			own.Container = container
			ids.Containers = append(ids.Containers, own)
		}
	}
	slices.SortStableFunc(ids.Containers, func(a, b contract.Identity) int { return cmp.Compare(a.Container, b.Container) })
	// Of a pod that has two containers of one name, which the API server refuses later.
	ids.Containers = slices.CompactFunc(ids.Containers, func(a, b contract.Identity) bool { return a.Container == b.Container })
	return ids
}

// Own is the identity that a container of this name has for itself in the pods of the account; ok is false where it has that of the pod.
func (x *Index) Own(account ServiceAccount, container string) (own contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	own, ok = x.containers.find(account, container)
	if ok {
		own.Container = container
	}
	return own, ok
}

// Winner is the name of the association that always takes precedence over the one of this name, because it selects the
// same and is older; "" where there is none.
func (x *Index) Winner(name string) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	e, ok := x.byName[name]
	if !ok {
		return ""
	}
	if first := x.of(e).winner(e).identity.Association; first != name {
		return first
	}
	return ""
}

// Set adds an association, or replaces the one of the same name. An error means that the association cannot be used and
// that the index no longer has it.
func (x *Index) Set(a *v1alpha1.PodIdentityAssociation) error {
	identity, err := identityOf(a)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(a.Name)
	if err != nil {
		return err
	}
	x.add(&entry{
		namespace:      Pattern(a.Spec.Namespace).normalized(),
		serviceAccount: Pattern(a.Spec.ServiceAccount).normalized(),
		container:      Pattern(a.Spec.Container).normalized(),
		created:        a.CreationTimestamp.Unix(),
		identity:       identity,
	})
	return nil
}

// of is the selection that an entry belongs to.
func (x *Index) of(e *entry) *selection {
	if e.container == "" {
		return &x.pods
	}
	return &x.containers
}

func (x *Index) add(e *entry) {
	x.byName[e.identity.Association] = e
	x.of(e).add(e)
}

// yieldAll has every association take precedence over none of the same selector that is set from now on. It changes no answer: among
// themselves, they stay in order.
func (x *Index) yieldAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range x.byName {
		e.former = true
	}
}

// Delete removes the association of this name.
func (x *Index) Delete(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(name)
}

func (x *Index) remove(name string) {
	if e, ok := x.byName[name]; ok {
		delete(x.byName, name)
		x.of(e).remove(e)
	}
}
