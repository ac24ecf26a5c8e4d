package walkthrough

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestTheTrustPoliciesOfTheDemoAreThoseOfTheDocumentation(t *testing.T) {
	for name, test := range map[string]struct{ document, file, values, mark string }{
		"of a role that pods assume themselves":   {"../../README.md", "trust-policy-web-identity.json", "ISSUER_HOST", "Federated"},
		"of a role that the auth service assumes": {"../../auth/README.md", "trust-policy.json", "", "Principal"},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := render(test.file, test.values)
			if err != nil {
				t.Fatal(err)
			}
			got, want := statement(t, text), statement(t, documented(t, test.document, test.mark))
			// The demo's association sends no session tags, which are what the documentation's condition is about.
			if test.values == "" {
				delete(want, "Condition")
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("the demo shows %v, %s says %v", got, test.document, want)
			}
		})
	}
}

// documented is the first JSON block of a document that has a mark.
func documented(t *testing.T, path, mark string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range strings.Split(string(text), "```json\n")[1:] {
		if block, _, _ := strings.Cut(after, "```"); strings.Contains(block, mark) {
			return block
		}
	}
	t.Fatalf("%s has no JSON with %s", path, mark)
	return ""
}

// statement is the only one of a policy.
func statement(t *testing.T, policy string) map[string]any {
	t.Helper()
	var p struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(policy), &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Statement) != 1 {
		t.Fatalf("%d statements in %s", len(p.Statement), policy)
	}
	return p.Statement[0]
}
