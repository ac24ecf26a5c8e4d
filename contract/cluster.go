package contract

import "strings"

// ValidClusterName reports whether a name has the form that the EKS Auth API requires of cluster names (eks-auth 2023-11-26). It
// does without regexp, for which every pod would pay.
func ValidClusterName(name string) bool {
	invalid := strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
	return name != "" && len(name) <= 100 && !invalid && name[0] != '-' && name[0] != '_'
}
