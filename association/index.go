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
	// bySelector has every entry by the text of its two patterns, those of one selector in order of precedence. A service
	// account finds only entries without a star there, because no name has one.
	bySelector map[ServiceAccount][]entry
	// patterns are the entries with a star, in order of precedence.
	patterns []entry
	// byName has every entry by the name of its association.
	byName map[string]entry
	annotated
}

// entry is one association.
type entry struct {
	namespace, serviceAccount Pattern
	created                   int64
	// former is of a definition that is no more.
	former   bool
	identity contract.Identity
}

func (e entry) exact() bool { return e.namespace.exact() && e.serviceAccount.exact() }

func (e entry) matches(account ServiceAccount) bool {
	return e.namespace.Matches(account.Namespace) && e.serviceAccount.Matches(account.Name)
}

// comparePrecedence sorts the entry that wins first: by the more specific namespace, then by the more specific service account,
// where an exact name beats every pattern and the longer literal prefix the shorter; then one that exists before one that is kept
// from a former definition; then by age, so that a new association takes nothing away from running pods; then by name.
func comparePrecedence(a, b entry) int {
	return cmp.Or(
		cmp.Compare(b.namespace.specificity(), a.namespace.specificity()),
		cmp.Compare(b.serviceAccount.specificity(), a.serviceAccount.specificity()),
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
	return &Index{
		bySelector: map[ServiceAccount][]entry{}, byName: map[string]entry{}, annotated: newAnnotated(),
	}
}

// Identity is what the associations give to the account, or else the role that its annotation names, within the bounds of its
// namespace; ok is false where there is neither.
func (x *Index) Identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if identity, ok = x.associated(account); ok {
		return identity, true
	}
	chosen, err := x.choice(account)
	if err != nil || chosen.RoleARN == "" {
		return contract.Identity{}, false
	}
	return contract.Identity{RoleARN: chosen.RoleARN}, true
}

// associated is what the associations give to the account.
func (x *Index) associated(account ServiceAccount) (identity contract.Identity, ok bool) {
	if entries := x.bySelector[account]; len(entries) > 0 {
		return entries[0].identity, true
	}
	for _, e := range x.patterns {
		if e.matches(account) {
			return e.identity, true
		}
	}
	return contract.Identity{}, false
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
	if first := x.bySelector[e.selector()][0].identity.Association; first != name {
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
	x.add(entry{
		namespace:      Pattern(a.Spec.Namespace).normalized(),
		serviceAccount: Pattern(a.Spec.ServiceAccount).normalized(),
		created:        a.CreationTimestamp.Unix(),
		identity:       identity,
	})
	return nil
}

func (x *Index) add(e entry) {
	x.byName[e.identity.Association] = e
	x.bySelector[e.selector()] = insert(x.bySelector[e.selector()], e)
	if !e.exact() {
		x.patterns = insert(x.patterns, e)
	}
}

// yieldAll has every association take precedence over none of the same selector that is set from now on. It changes no answer: among
// themselves, they stay in order.
func (x *Index) yieldAll() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, e := range x.byName {
		e.former = true
		x.byName[name] = e
	}
	for _, entries := range x.bySelector {
		yield(entries)
	}
	yield(x.patterns)
}

func yield(entries []entry) {
	for i := range entries {
		entries[i].former = true
	}
}

// Delete removes the association of this name.
func (x *Index) Delete(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(name)
}

func (x *Index) remove(name string) {
	e, ok := x.byName[name]
	if !ok {
		return
	}
	delete(x.byName, name)
	if !e.exact() {
		x.patterns = without(x.patterns, name)
	}
	if rest := without(x.bySelector[e.selector()], name); len(rest) > 0 {
		x.bySelector[e.selector()] = rest
		return
	}
	delete(x.bySelector, e.selector())
}

// selector is the text of the two patterns; of an exact entry, the one service account that it selects.
func (e entry) selector() ServiceAccount {
	return ServiceAccount{Namespace: string(e.namespace), Name: string(e.serviceAccount)}
}

func insert(entries []entry, e entry) []entry {
	i, _ := slices.BinarySearchFunc(entries, e, comparePrecedence)
	return slices.Insert(entries, i, e)
}

func without(entries []entry, name string) []entry {
	return slices.DeleteFunc(entries, func(e entry) bool { return e.identity.Association == name })
}
