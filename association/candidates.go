package association

import (
	"slices"

	"github.com/podidentity/podidentity/contract"
)

// Rule is why of two candidates the one takes precedence.
type Rule string

// The rules, in the order in which they are applied.
const (
	// ByNamespace: its namespace is more specific.
	ByNamespace Rule = "Namespace"
	// ByServiceAccount: its service account is more specific.
	ByServiceAccount Rule = "ServiceAccount"
	// ByContainer: it is for the container, the other for the pod, or its container is more specific.
	ByContainer Rule = "Container"
	// ByAge: it is older.
	ByAge Rule = "Age"
	// ByName: it is as old, and comes first in the alphabet.
	ByName Rule = "Name"
	// ByKind: it is an association, the other an annotation of the service account.
	ByKind Rule = "Kind"
)

// Candidate is something that gives an identity to the pods of a service account, or to a container of them.
type Candidate struct {
	// Identity has the name of the association, or none if the annotation gives it.
	Identity contract.Identity
	// Annotation is the name of the annotation that gives it, or "".
	Annotation string
	// Namespace, ServiceAccount and Container are the patterns of the association; Container is empty if it is for whole pods.
	Namespace, ServiceAccount, Container Pattern
	// Loses is the rule by which the first candidate takes precedence over this one; it is empty for the first.
	Loses Rule
}

// Candidates are all that give an identity to a container of the account's pods, or to whole pods where container is empty, in order of
// precedence: the first is what has it.
func (x *Index) Candidates(account ServiceAccount, container string) []Candidate {
	x.mu.RLock()
	defer x.mu.RUnlock()
	entries := slices.DeleteFunc(x.containers.of(account), func(e *entry) bool { return container == "" || !e.container.Matches(container) })
	entries = append(entries, x.pods.of(account)...)
	var all []Candidate
	for i, e := range entries {
		candidate := Candidate{Identity: e.identity, Namespace: e.namespace, ServiceAccount: e.serviceAccount, Container: e.container}
		if i > 0 {
			candidate.Loses = deciding(entries[0], e)
		}
		all = append(all, candidate)
	}
	if chosen, err := x.choice(account); err == nil && chosen.RoleARN != "" {
		candidate := Candidate{Identity: contract.Identity{RoleARN: chosen.RoleARN}, Annotation: chosen.Annotation}
		if len(all) > 0 {
			candidate.Loses = ByKind
		}
		all = append(all, candidate)
	}
	return all
}

// deciding is the first rule of comparePrecedence by which the two differ. Nothing former is in an index that was read at once.
func deciding(first, other *entry) Rule {
	switch {
	case (first.container == "") != (other.container == ""):
		return ByContainer
	case first.namespace.specificity() != other.namespace.specificity():
		return ByNamespace
	case first.serviceAccount.specificity() != other.serviceAccount.specificity():
		return ByServiceAccount
	case first.container.specificity() != other.container.specificity():
		return ByContainer
	case first.created != other.created:
		return ByAge
	}
	return ByName
}

// Containers are the patterns of the containers that associations select in pods of the account, each once, in order of precedence.
func (x *Index) Containers(account ServiceAccount) []Pattern {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var patterns []Pattern
	for _, e := range x.containers.of(account) {
		if !slices.Contains(patterns, e.container) {
			patterns = append(patterns, e.container)
		}
	}
	return patterns
}
