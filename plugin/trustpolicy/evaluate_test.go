package trustpolicy_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const sourceIdentity = "sts:SourceIdentity"

// request is what STS knows when somebody asks for a role.
type request struct {
	// principal is of the kind Federated, AWS or Service.
	kind, principal string
	action          string
	keys            map[string]string
}

// admits evaluates a policy as IAM's documents say, and knows nothing of how it was made (IAM user guide, "Policy evaluation
// logic" and "IAM JSON policy elements: Condition operators"). A session with tags also takes the right to tag it, and one with a source
// identity that to set it, for which no other key is known.
func (p document) admits(t *testing.T, r request) bool {
	t.Helper()
	actions := []string{r.action}
	for key := range r.keys {
		if strings.HasPrefix(key, "aws:RequestTag/") {
			actions = append(actions, "sts:TagSession")
			break
		}
	}
	if identity, set := r.keys[sourceIdentity]; set && !p.allows(t, request{r.kind, r.principal, "sts:SetSourceIdentity", map[string]string{sourceIdentity: identity}}) {
		return false
	}
	for _, action := range actions {
		r.action = action
		if !p.allows(t, r) {
			return false
		}
	}
	return true
}

// document is a policy as it was read.
type document struct {
	Version   string
	Statement []map[string]any
}

func parse(t *testing.T, policy string) document {
	t.Helper()
	var p document
	if err := json.Unmarshal([]byte(policy), &p); err != nil || p.Version != "2012-10-17" {
		t.Fatalf("%v in\n%s", err, policy)
	}
	return p
}

func (p document) allows(t *testing.T, r request) bool {
	t.Helper()
	return slices.ContainsFunc(p.Statement, func(statement map[string]any) bool { return statementAllows(t, statement, r) })
}

func statementAllows(t *testing.T, statement map[string]any, r request) bool {
	t.Helper()
	for element := range statement {
		if !strings.Contains("Effect Principal Action Condition", element) {
			t.Fatalf("the element %s", element)
		}
	}
	if statement["Effect"] != "Allow" || !contains(statement["Action"], r.action) {
		return false
	}
	principals, _ := statement["Principal"].(map[string]any)
	if !contains(principals[r.kind], r.principal) {
		return false
	}
	conditions, _ := statement["Condition"].(map[string]any)
	for operator, keys := range conditions {
		for key, values := range keys.(map[string]any) {
			if !conditionHolds(t, operator, key, values, r.keys) {
				return false
			}
		}
	}
	return true
}

// conditionHolds is false where the request has no such key, and true where one of the values matches.
func conditionHolds(t *testing.T, operator, key string, values any, keys map[string]string) bool {
	t.Helper()
	got, present := "", false
	for name, value := range keys {
		if strings.EqualFold(name, key) { // keys have no regard to case, values have
			got, present = value, true
		}
	}
	for _, value := range list(values) {
		switch operator {
		case "StringEquals":
			if present && value == got {
				return true
			}
		case "StringLike":
			if present && wildcard(value, got) {
				return true
			}
		default:
			t.Fatalf("the operator %s", operator)
		}
	}
	return false
}

// wildcard matches * with any characters, : and / too, and ? with one.
func wildcard(pattern, text string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '*':
		return wildcard(pattern[1:], text) || text != "" && wildcard(pattern, text[1:])
	default:
		return text != "" && (pattern[0] == '?' || pattern[0] == text[0]) && wildcard(pattern[1:], text[1:])
	}
}

func contains(element any, text string) bool {
	for _, one := range list(element) {
		if one == text {
			return true
		}
	}
	return false
}

func list(element any) []string {
	switch element := element.(type) {
	case string:
		return []string{element}
	case []any:
		var all []string
		for _, one := range element {
			all = append(all, one.(string))
		}
		return all
	}
	return nil
}

func TestTheEvaluatorOfTheseTests(t *testing.T) {
	const policy = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ["a", "b"]}, "Action": ["x", "sts:TagSession"],
		"Condition": {"StringEquals": {"k": ["v", "w"]}, "StringLike": {"l": "p*r?"}}}]}`
	for name, test := range map[string]struct {
		request request
		want    bool
	}{
		"admits what fits":                        {request{"AWS", "a", "x", map[string]string{"k": "w", "l": "p:/rs"}}, true},
		"has no regard to the case of a key":      {request{"AWS", "a", "x", map[string]string{"K": "w", "l": "prs"}}, true},
		"has regard to the case of a value":       {request{"AWS", "a", "x", map[string]string{"k": "W", "l": "prs"}}, false},
		"refuses another action":                  {request{"AWS", "a", "y", map[string]string{"k": "w", "l": "prs"}}, false},
		"refuses another principal":               {request{"AWS", "c", "x", map[string]string{"k": "w", "l": "prs"}}, false},
		"refuses another kind of principal":       {request{"Service", "a", "x", map[string]string{"k": "w", "l": "prs"}}, false},
		"refuses where a key is absent":           {request{"AWS", "a", "x", map[string]string{"l": "prs"}}, false},
		"refuses what a ? does not match":         {request{"AWS", "a", "x", map[string]string{"k": "v", "l": "pr"}}, false},
		"refuses what goes on behind the pattern": {request{"AWS", "a", "x", map[string]string{"k": "v", "l": "prst"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := parse(t, policy).admits(t, test.request); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
