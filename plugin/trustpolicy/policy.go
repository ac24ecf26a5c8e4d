// Package trustpolicy writes the trust policies that IAM roles need, so that the service accounts which an association selects can have them, and no others.
package trustpolicy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Policy is a trust policy in the grammar of IAM (IAM user guide, "Grammar of the IAM JSON policy language").
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement allows the principal the actions, where every condition holds.
type Statement struct {
	Effect    string
	Principal map[string]string
	Action    texts
	Condition map[string]map[string]texts `json:",omitempty"`
}

// texts are one text or a list of them, of which IAM accepts both.
type texts []string

// MarshalJSON writes one text as people write it, without brackets.
func (t texts) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

const (
	policyVersion = "2012-10-17"
	equals        = "StringEquals"
	like          = "StringLike"

	assumeRole                = "sts:AssumeRole"
	assumeRoleWithWebIdentity = "sts:AssumeRoleWithWebIdentity"
	tagSession                = "sts:TagSession"
	setSourceIdentity         = "sts:SetSourceIdentity"
)

// DefaultQuota is how long a trust policy may be, in characters that are no white space, where an account has not asked for more
// (IAM user guide, "IAM and AWS STS quotas").
const DefaultQuota = 2048

// String is the policy as indented JSON.
func (p Policy) String() string { return indented(p) }

// Length is what IAM counts.
func (p Policy) Length() int {
	length := 0
	for _, r := range p.String() {
		if !unicode.IsSpace(r) {
			length++
		}
	}
	return length
}

func indented(value any) string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Sprintf("encode a policy, which is made of strings: %v", err))
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// condition is a condition under construction.
type condition map[string]map[string]texts

// require adds that the key is one of the values: exact ones by StringEquals, patterns by StringLike. Both have regard to case, and
// StringLike's * is that of an association; its other wildcard, ?, is in no name.
func (c condition) require(key string, values ...string) condition {
	operator := equals
	if slices.ContainsFunc(values, isPattern) {
		operator = like
	}
	if c[operator] == nil {
		c[operator] = map[string]texts{}
	}
	c[operator][key] = values
	return c
}

func isPattern(value string) bool { return strings.Contains(value, "*") }

// byKind returns the exact names and the patterns apart, because a condition tests a key by one operator; each sorted.
func byKind(values []string) [][]string {
	var exact, patterns []string
	for _, value := range values {
		if isPattern(value) {
			patterns = append(patterns, value)
		} else {
			exact = append(exact, value)
		}
	}
	var kinds [][]string
	for _, kind := range [][]string{exact, patterns} {
		if len(kind) > 0 {
			slices.Sort(kind)
			kinds = append(kinds, slices.Compact(kind))
		}
	}
	return kinds
}
