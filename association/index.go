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

// Index finds the identity of a service account. It is safe for concurrent use.
type Index struct {
	mu sync.RWMutex
	// selectors are the entries by the text of what they select, in which the first wins; no account has a star, so that
	// only entries without one are found by an account.
	selectors map[ServiceAccount][]entry
	// globs are the entries with a star; the first that matches wins.
	globs []entry
	// names has every entry, by the name of its association.
	names map[string]entry
	// roles are those that service accounts name themselves.
	roles map[ServiceAccount]string
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
	return &Index{
		selectors: map[ServiceAccount][]entry{}, names: map[string]entry{}, roles: map[ServiceAccount]string{},
	}
}

// Identity is what the associations give to account, or else the role that it names itself; ok is false where there is
// neither.
func (x *Index) Identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if entries := x.selectors[account]; len(entries) > 0 {
		return entries[0].identity, true
	}
	for _, e := range x.globs {
		if e.matches(account) {
			return e.identity, true
		}
	}
	role, named := x.roles[account]
	return contract.Identity{RoleARN: role}, named
}

// Winner is the name of the association that always takes precedence over the one of this name, because it selects the
// same and is older; "" where there is none.
func (x *Index) Winner(name string) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	e, known := x.names[name]
	if !known {
		return ""
	}
	if first := x.selectors[e.selects()][0].identity.Association; first != name {
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
	e := entry{
		namespace:      Pattern(a.Spec.Namespace).normal(),
		serviceAccount: Pattern(a.Spec.ServiceAccount).normal(),
		created:        a.CreationTimestamp.Unix(),
		identity:       identity,
	}
	x.names[a.Name] = e
	x.selectors[e.selects()] = insert(x.selectors[e.selects()], e)
	if !e.exact() {
		x.globs = insert(x.globs, e)
	}
	return nil
}

// SetRole has account name a role itself; an empty one is none. Every association takes precedence. It tells whether the
// role is another one than before.
func (x *Index) SetRole(account ServiceAccount, roleARN string) (changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.roles[account] == roleARN {
		return false
	}
	if roleARN == "" {
		delete(x.roles, account)
	} else {
		x.roles[account] = roleARN
	}
	return true
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
	}
	if rest := without(x.selectors[e.selects()], name); len(rest) > 0 {
		x.selectors[e.selects()] = rest
		return
	}
	delete(x.selectors, e.selects())
}

// selects is what the entry selects, the one service account of an exact entry.
func (e entry) selects() ServiceAccount {
	return ServiceAccount{Namespace: string(e.namespace), Name: string(e.serviceAccount)}
}

func insert(entries []entry, e entry) []entry {
	i, _ := slices.BinarySearchFunc(entries, e, precedence)
	return slices.Insert(entries, i, e)
}

func without(entries []entry, name string) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool { return e.identity.Association == name })
}
