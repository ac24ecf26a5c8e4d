package association

import (
	"slices"

	"github.com/podidentity/podidentity/contract"
)

// selection finds the first of its entries that selects a pod, or a container.
type selection struct {
	// byAccount has every entry by the text of its two patterns of a service account, those of one text in order of precedence. A service
	// account finds only entries without a star there, because no name has one.
	byAccount map[ServiceAccount][]*entry
	// patterns are the entries with a star there, in order of precedence.
	patterns []*entry
}

func newSelection() selection { return selection{byAccount: map[ServiceAccount][]*entry{}} }

func (s *selection) empty() bool { return len(s.byAccount) == 0 }

// find is the identity of the first entry that matches.
func (s *selection) find(account ServiceAccount, container string) (identity contract.Identity, ok bool) {
	if e, ok := first(s.byAccount[account], container); ok {
		return e.identity, true
	}
	for _, e := range s.patterns {
		if e.selects(account) && e.container.Matches(container) {
			return e.identity, true
		}
	}
	return contract.Identity{}, false
}

func first(entries []*entry, container string) (e *entry, ok bool) {
	i := slices.IndexFunc(entries, func(e *entry) bool { return e.container.Matches(container) })
	if i < 0 {
		return nil, false
	}
	return entries[i], true
}

// of are the entries that select the account, in order of precedence.
func (s *selection) of(account ServiceAccount) []*entry {
	entries := slices.Clone(s.byAccount[account])
	for _, e := range s.patterns {
		if e.selects(account) {
			entries = append(entries, e)
		}
	}
	return entries
}

// winner is the first of the entries that select the same as e.
func (s *selection) winner(e *entry) *entry {
	twins := s.byAccount[e.account()]
	return twins[slices.IndexFunc(twins, func(twin *entry) bool { return twin.container == e.container })]
}

func (s *selection) add(e *entry) {
	s.byAccount[e.account()] = insert(s.byAccount[e.account()], e)
	if !e.exact() {
		s.patterns = insert(s.patterns, e)
	}
}

func (s *selection) remove(e *entry) {
	name := e.identity.Association
	if !e.exact() {
		s.patterns = without(s.patterns, name)
	}
	if rest := without(s.byAccount[e.account()], name); len(rest) > 0 {
		s.byAccount[e.account()] = rest
		return
	}
	delete(s.byAccount, e.account())
}

func insert(entries []*entry, e *entry) []*entry {
	i, _ := slices.BinarySearchFunc(entries, e, comparePrecedence)
	return slices.Insert(entries, i, e)
}

func without(entries []*entry, name string) []*entry {
	return slices.DeleteFunc(entries, func(e *entry) bool { return e.identity.Association == name })
}
