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

// Index finds the association of a service account. It is safe for concurrent use.
type Index struct {
	mu sync.RWMutex
	// exact are the entries without stars, globs those with one; in each list the first that matches wins.
	exact map[ServiceAccount][]entry
	globs []entry
	// names has every entry, by the name of its association.
	names map[string]entry
}

// entry is one association.
type entry struct {
	namespace, serviceAccount Pattern
	created                   int64
	identity                  contract.Identity
}

func (e entry) exact() bool { return e.namespace.exact() && e.serviceAccount.exact() }

func (e entry) matches(account ServiceAccount) bool {
	return e.namespace.Matches(account.Namespace) && e.serviceAccount.Matches(account.Name)
}

// precedence puts the one that wins first: the closer namespace, then the closer service account, where exact beats every
// pattern and the longer literal prefix the shorter; then the older, so that a newcomer takes nothing away from running
// pods; then the first by name.
func precedence(a, b entry) int {
	return cmp.Or(
		cmp.Compare(b.namespace.literal(), a.namespace.literal()),
		cmp.Compare(b.serviceAccount.literal(), a.serviceAccount.literal()),
		cmp.Compare(a.created, b.created),
		cmp.Compare(a.identity.Association, b.identity.Association),
	)
}

// NewIndex returns an index without associations.
func NewIndex() *Index {
	return &Index{exact: map[ServiceAccount][]entry{}, names: map[string]entry{}}
}

// Identity is what the associations give to account; ok is false where none does.
func (x *Index) Identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if entries := x.exact[account]; len(entries) > 0 {
		return entries[0].identity, true
	}
	for _, e := range x.globs {
		if e.matches(account) {
			return e.identity, true
		}
	}
	return contract.Identity{}, false
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
	e := entry{
		namespace:      Pattern(a.Spec.Namespace),
		serviceAccount: Pattern(a.Spec.ServiceAccount),
		created:        a.CreationTimestamp.Unix(),
		identity:       identity,
	}
	x.names[a.Name] = e
	if e.exact() {
		x.exact[e.account()] = insert(x.exact[e.account()], e)
		return nil
	}
	x.globs = insert(x.globs, e)
	return nil
}

// Delete removes the association of this name.
func (x *Index) Delete(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(name)
}

func (x *Index) remove(name string) {
	e, known := x.names[name]
	if !known {
		return
	}
	delete(x.names, name)
	if !e.exact() {
		x.globs = without(x.globs, name)
		return
	}
	if rest := without(x.exact[e.account()], name); len(rest) > 0 {
		x.exact[e.account()] = rest
		return
	}
	delete(x.exact, e.account())
}

// account is the one service account of an exact entry.
func (e entry) account() ServiceAccount {
	return ServiceAccount{Namespace: string(e.namespace), Name: string(e.serviceAccount)}
}

func insert(entries []entry, e entry) []entry {
	i, _ := slices.BinarySearchFunc(entries, e, precedence)
	return slices.Insert(entries, i, e)
}

func without(entries []entry, name string) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool { return e.identity.Association == name })
}
