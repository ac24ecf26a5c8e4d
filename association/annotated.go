package association

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/contract"
)

// Annotations says which annotations of service accounts give them roles.
type Annotations int

const (
	// BoundedAnnotations give a role only in namespaces that have bounds. It is for servers that assume roles with an identity of their
	// own: there no trust policy tells one service account from another.
	BoundedAnnotations Annotations = iota
	// AllAnnotations give a role: within the bounds of namespaces that have them, and elsewhere that of IRSA, where the role's trust
	// policy decides.
	AllAnnotations
)

// Choice is a role that an annotation of a service account names.
type Choice struct {
	RoleARN, Annotation string
	// UID is that of the service account.
	UID types.UID
}

// ChoiceOf reads the annotations of a service account. That of the product comes first.
func ChoiceOf(annotations map[string]string, uid types.UID) Choice {
	for _, name := range []string{contract.AnnotationRole, contract.AnnotationRoleARN} {
		if role := annotations[name]; role != "" {
			return Choice{RoleARN: role, Annotation: name, UID: uid}
		}
	}
	return Choice{}
}

// namespaceBounds are those of one namespace.
type namespaceBounds struct {
	text   string
	uid    types.UID
	bounds Bounds
	err    error
}

// annotated is what annotations say.
type annotated struct {
	// roles count in namespaces without bounds.
	roles map[ServiceAccount]string
	// chosen count in namespaces with bounds, by namespace and name of the account.
	chosen map[string]map[string]Choice
	bounds map[string]namespaceBounds
}

func newAnnotated() annotated {
	return annotated{roles: map[ServiceAccount]string{}, chosen: map[string]map[string]Choice{}, bounds: map[string]namespaceBounds{}}
}

// choice is the role that an annotation gives to the account, or names in vain: err then says why.
func (a annotated) choice(account ServiceAccount) (chosen Choice, err error) {
	within, bounded := a.bounds[account.Namespace]
	if !bounded {
		return Choice{RoleARN: a.roles[account], Annotation: contract.AnnotationRoleARN}, nil
	}
	chosen, ok := a.chosen[account.Namespace][account.Name]
	if !ok {
		return Choice{}, nil
	}
	if err := within.bounds.check(chosen.RoleARN); err != nil {
		return chosen, fmt.Errorf("the annotation %s of service account %s/%s is refused: %w", chosen.Annotation, account.Namespace, account.Name, err)
	}
	return chosen, nil
}

// SetRole sets the role that the annotation of an account names, "" where there is none, for as long as its namespace has no bounds. Every
// association takes precedence. It reports whether the role has changed.
func (x *Index) SetRole(account ServiceAccount, roleARN string) (changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return replace(x.roles, account, roleARN)
}

// SetChoice sets the role that an account chooses, for as long as its namespace has bounds. The rest is as with SetRole.
func (x *Index) SetChoice(account ServiceAccount, choice Choice) (changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	inNamespace := x.chosen[account.Namespace]
	if inNamespace == nil {
		inNamespace = map[string]Choice{}
	}
	changed = replace(inNamespace, account.Name, choice)
	if len(inNamespace) > 0 {
		x.chosen[account.Namespace] = inNamespace
	} else {
		delete(x.chosen, account.Namespace)
	}
	return changed
}

// SetBounds sets the bounds of a namespace by its annotations. It reports whether they have changed.
func (x *Index) SetBounds(namespace string, annotations map[string]string, uid types.UID) (changed bool) {
	var after namespaceBounds
	text, bounded := annotations[contract.AnnotationAllowedRoles]
	x.mu.Lock()
	defer x.mu.Unlock()
	before, had := x.bounds[namespace]
	if !bounded {
		delete(x.bounds, namespace)
		return had
	}
	if had && before.text == text && before.uid == uid {
		return false
	}
	after.text, after.uid = text, uid
	after.bounds, after.err = ParseBounds(text)
	x.bounds[namespace] = after
	return true
}

// replace deletes what becomes the zero value, and reports whether there was a change.
func replace[K, V comparable](all map[K]V, key K, value V) (changed bool) {
	var zero V
	if all[key] == value {
		return false
	}
	if value == zero {
		delete(all, key)
	} else {
		all[key] = value
	}
	return true
}

// Refusal says why the role that an annotation names is not given to the account, "" where it is, or where nothing was chosen, or an
// association gives it another.
func (x *Index) Refusal(account ServiceAccount) string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, err := x.choice(account)
	if err == nil {
		return ""
	}
	if _, ok := x.pods.find(account, ""); ok {
		return ""
	}
	return err.Error()
}

// Refused is an account whose annotation is refused, or a namespace, without the name of an account, whose bounds are malformed.
type Refused struct {
	Account ServiceAccount
	UID     types.UID
	Reason  string
}

// Bounded reports whether a namespace has bounds.
func (x *Index) Bounded(namespace string) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, bounded := x.bounds[namespace]
	return bounded
}

// AllBounded are the namespaces that have bounds.
func (x *Index) AllBounded() []string {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Sorted(maps.Keys(x.bounds))
}

// RefusedIn is what is refused in a namespace that has bounds.
func (x *Index) RefusedIn(namespace string) []Refused {
	x.mu.RLock()
	defer x.mu.RUnlock()
	within, bounded := x.bounds[namespace]
	if !bounded {
		return nil
	}
	var all []Refused
	if within.err != nil {
		all = append(all, Refused{Account: ServiceAccount{Namespace: namespace}, UID: within.uid, Reason: within.err.Error()})
	}
	for name, chosen := range x.chosen[namespace] {
		account := ServiceAccount{Namespace: namespace, Name: name}
		if _, err := x.choice(account); err != nil {
			if _, ok := x.pods.find(account, ""); !ok {
				all = append(all, Refused{Account: account, UID: chosen.UID, Reason: err.Error()})
			}
		}
	}
	slices.SortFunc(all, func(a, b Refused) int { return cmp.Compare(a.Account.Name, b.Account.Name) })
	return all
}
