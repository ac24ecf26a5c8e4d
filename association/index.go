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
	mu               sync.RWMutex
	byServiceAccount map[ServiceAccount][]candidate
	keys             map[string]ServiceAccount
}

// candidate is one association that names a service account.
type candidate struct {
	created  int64
	identity contract.Identity
}

// NewIndex returns an index without associations.
func NewIndex() *Index {
	return &Index{byServiceAccount: map[ServiceAccount][]candidate{}, keys: map[string]ServiceAccount{}}
}

// Identity is what the associations give to account; ok is false where none does. Of several associations of the same
// account the oldest wins, so that a later one takes nothing away from running pods.
func (x *Index) Identity(account ServiceAccount) (identity contract.Identity, ok bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	candidates := x.byServiceAccount[account]
	if len(candidates) == 0 {
		return contract.Identity{}, false
	}
	return candidates[0].identity, true
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
	account := ServiceAccount{Namespace: a.Spec.Namespace, Name: a.Spec.ServiceAccount}
	candidates := append(x.byServiceAccount[account], candidate{created: a.CreationTimestamp.Unix(), identity: identity})
	slices.SortFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.created, b.created), cmp.Compare(a.identity.Association, b.identity.Association))
	})
	x.byServiceAccount[account] = candidates
	x.keys[a.Name] = account
	return nil
}

// Delete removes the association of this name.
func (x *Index) Delete(name string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remove(name)
}

func (x *Index) remove(name string) {
	account, known := x.keys[name]
	if !known {
		return
	}
	delete(x.keys, name)
	rest := slices.DeleteFunc(x.byServiceAccount[account], func(c candidate) bool { return c.identity.Association == name })
	if len(rest) == 0 {
		delete(x.byServiceAccount, account)
		return
	}
	x.byServiceAccount[account] = rest
}
