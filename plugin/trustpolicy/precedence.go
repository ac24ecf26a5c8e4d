package trustpolicy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

// maxListed is how many names a note has.
const maxListed = 20

// precedenceNotes name the associations that take service accounts away from the chosen ones, for another role. A policy knows no precedence: it
// admits those service accounts too.
func precedenceNotes(chosen, all []v1alpha1.PodIdentityAssociation) []string {
	index := association.NewIndex()
	for i := range all {
		_ = index.Set(&all[i]) // one that cannot be used takes nothing away
	}
	var notes []string
	for _, a := range chosen {
		var winners []string
		for _, b := range all {
			if a.Name != b.Name && a.Spec.RoleARN != b.Spec.RoleARN && takesFrom(index, a, b) {
				winners = append(winners, fmt.Sprintf("%s (%s/%s)", b.Name, b.Spec.Namespace, b.Spec.ServiceAccount))
			}
		}
		if len(winners) > 0 {
			notes = append(notes, fmt.Sprintf("the policy of %s admits all that PodIdentityAssociation %s selects, also where others take precedence and give another role: %s", a.Spec.RoleARN, a.Name, listed(winners)))
		}
	}
	return notes
}

// takesFrom reports whether b gives an identity to a service account that a selects as well.
func takesFrom(index *association.Index, a, b v1alpha1.PodIdentityAssociation) bool {
	namespace, meet := common(a.Spec.Namespace, b.Spec.Namespace)
	if !meet {
		return false
	}
	name, meet := common(a.Spec.ServiceAccount, b.Spec.ServiceAccount)
	if !meet {
		return false
	}
	if (a.Spec.Container == "") != (b.Spec.Container == "") {
		return false // b takes a container, and the service account keeps a
	}
	container, meet := common(a.Spec.Container, b.Spec.Container)
	if !meet {
		return false
	}
	for _, candidate := range index.Candidates(association.ServiceAccount{Namespace: namespace, Name: name}, container) {
		switch candidate.Identity.Association {
		case a.Name:
			return false
		case b.Name:
			return true
		}
	}
	return false
}

// common is a name that both patterns match, if there is one.
func common(a, b string) (name string, found bool) {
	return meeting{}.find(a, b)
}

// meeting has the ends of two patterns, by their lengths, of which it is known that no name matches both.
type meeting map[[2]int]bool

func (m meeting) find(a, b string) (name string, found bool) {
	end := [2]int{len(a), len(b)}
	if m[end] {
		return "", false
	}
	switch {
	case strings.Trim(a+b, "*") == "":
		return "", true
	case strings.HasPrefix(a, "*"):
		if name, found = m.find(a[1:], b); !found && b != "" {
			name, found = m.find(a, b[1:])
			name = strings.TrimPrefix(b[:1], "*") + name
		}
	case strings.HasPrefix(b, "*"):
		if name, found = m.find(a, b[1:]); !found && a != "" {
			name, found = m.find(a[1:], b)
			name = a[:1] + name
		}
	case a != "" && b != "" && a[0] == b[0]:
		name, found = m.find(a[1:], b[1:])
		name = a[:1] + name
	}
	m[end] = !found
	return name, found
}

// annotationNotes name the service accounts whose annotation names a role: its policy, which is for associations, does not admit them.
func annotationNotes(roles []Role, annotated map[string][]association.ServiceAccount) []string {
	var notes []string
	for _, role := range roles {
		var names []string
		for _, account := range annotated[role.ARN] {
			names = append(names, account.Namespace+"/"+account.Name)
		}
		if len(names) > 0 {
			slices.Sort(names)
			notes = append(notes, fmt.Sprintf("the policy of %s does not admit service accounts that have the role by an annotation: %s: create associations for those that should keep it", role.ARN, listed(names)))
		}
	}
	return notes
}

func listed(names []string) string {
	if rest := len(names) - maxListed; rest > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), rest)
	}
	return strings.Join(names, ", ")
}
