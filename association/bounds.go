package association

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/podidentity/podidentity/contract"
)

const (
	// maxBounds is the longest value of contract.AnnotationAllowedRoles, in bytes. Every admission may match against all of it.
	maxBounds = 4096
	// arnParts is into how many parts the colons of an ARN divide it (IAM User Guide, "IAM identifiers").
	arnParts = 6
	// accountDigits is the length of an AWS account ID.
	accountDigits = 12
	// maxQuoted bounds what of a role is quoted in a sentence, and maxQuotedPattern what of a pattern, whose characters may have to be
	// escaped. A note of an event has 1024 bytes at most.
	maxQuoted, maxQuotedPattern = 256, 64
)

// Bounds are the roles that a namespace allows its service accounts to choose. The zero value allows none.
type Bounds struct {
	// patterns have arnParts parts each, or only one: that which matches everything.
	patterns [][]Pattern
}

// ParseBounds reads patterns of ARNs, separated by commas or blanks, or one * for all roles. It must stand alone: role names may have commas,
// so that a * may also be the end of one. The bounds can also be used with an error: what is malformed allows nothing.
func ParseBounds(text string) (Bounds, error) {
	if len(text) > maxBounds {
		return Bounds{}, fmt.Errorf("the annotation %s has %d bytes, and allows no role: shorten it to %d", contract.AnnotationAllowedRoles, len(text), maxBounds)
	}
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	if len(fields) == 1 && strings.Trim(fields[0], "*") == "" {
		return Bounds{patterns: [][]Pattern{{"*"}}}, nil
	}
	var bounds Bounds
	var malformed []string
	for _, field := range fields {
		parts := splitPattern(field)
		if parts == nil {
			malformed = append(malformed, fmt.Sprintf("%.*q", maxQuotedPattern, field))
			continue
		}
		bounds.patterns = append(bounds.patterns, parts)
	}
	if len(malformed) == 0 {
		return bounds, nil
	}
	return bounds, fmt.Errorf("the annotation %s has %d malformed patterns, which allow no role, such as %s: write ARNs of IAM roles without commas, such as arn:aws:iam::111122223333:role/team-*, or * alone",
		contract.AnnotationAllowedRoles, len(malformed), malformed[0])
}

// splitPattern returns nil of a pattern that no role could match, and of one that is not meant as the ARN of a role.
func splitPattern(text string) []Pattern {
	if !isRole(text, "*") {
		return nil
	}
	var parts []Pattern
	for _, part := range strings.Split(text, ":") {
		parts = append(parts, Pattern(part).normalized())
	}
	return parts
}

// IsRoleARN reports whether the text is the ARN of an IAM role, by the rule of spec.roleARN.
func IsRoleARN(text string) bool { return len(text) <= maxRoleARN && isRole(text, "") }

// isRole is IsRoleARN for any length, and for a pattern where star is "*".
func isRole(text, star string) bool {
	const lower, digits = "abcdefghijklmnopqrstuvwxyz", "0123456789"
	of := func(part, characters string) bool {
		return !strings.ContainsFunc(part, func(r rune) bool { return !strings.ContainsRune(characters+star, r) })
	}
	parts := strings.Split(text, ":")
	if len(parts) != arnParts || parts[0] != "arn" || parts[1] == "" || parts[2] != "iam" {
		return false
	}
	name, isRole := strings.CutPrefix(parts[5], "role/")
	account := parts[4]
	return of(parts[1], lower+digits+"-") && of(parts[3], lower+digits+"-") && of(account, digits) &&
		(star != "" || account == "" || len(account) == accountDigits) &&
		isRole && name != "" && of(name, lower+strings.ToUpper(lower)+digits+"_+=,.@/-")
}

// check says why a role is not within the bounds. No sentence has a semicolon, which would divide the status of a pod.
func (b Bounds) check(role string) error {
	if !IsRoleARN(role) {
		return errors.New("it is not the ARN of an IAM role")
	}
	if !slices.ContainsFunc(b.patterns, func(parts []Pattern) bool { return matchParts(parts, role) }) {
		return fmt.Errorf("no pattern of the namespace's annotation %s allows %.*s", contract.AnnotationAllowedRoles, maxQuoted, role)
	}
	return nil
}

// matchParts compares part by part, so that a star does not reach from one into the next.
func matchParts(parts []Pattern, role string) bool {
	if len(parts) == 1 {
		return true
	}
	return slices.EqualFunc(parts, strings.Split(role, ":"), Pattern.Matches)
}
