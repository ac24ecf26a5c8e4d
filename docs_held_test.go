package podidentity_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	securityPage = "docs/security.md"
	// heldBy heads the column of a table that says what holds each statement.
	heldBy = "held by"
)

var (
	// scenarioLink is [SUITE: SCENARIO](path of the suite).
	scenarioLink = regexp.MustCompile(`\[([a-z]+): ([^\]]+)\]\(([^)]*e2e/suites/[a-z]+)\)`)
	// others are those whose word a statement may rely on.
	others = regexp.MustCompile(`^(Kubernetes|AWS)\b`)
)

func cellsOf(row string) []string {
	cells := strings.Split(strings.Trim(strings.TrimSpace(row), "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

// unheld are the statements of tables that nothing holds. A table states something unless it is about one of these.
func unheld(path, text string, about ...string) []string {
	var complaints []string
	lines := strings.Split(text, "\n")
	held := false
	for i, line := range lines {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := cellsOf(line)
		last := cells[len(cells)-1]
		switch header := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---"); {
		case header:
			held = last == heldBy
			if !held && !slices.Contains(about, cells[0]) {
				complaints = append(complaints, fmt.Sprintf("%s has a table of each %s without the column %q", path, cells[0], heldBy))
			}
		case held && !testName.MatchString(last) && !scenarioLink.MatchString(last) && !others.MatchString(last):
			complaints = append(complaints, fmt.Sprintf("%s: nothing holds %q", path, cells[0]))
		}
	}
	return complaints
}

// unknownScenarios looks for the sentence of each scenario in the tests of its suite.
func unknownScenarios(path, text string, sentences func(suite string) []string) []string {
	var complaints []string
	for _, link := range scenarioLink.FindAllStringSubmatch(text, -1) {
		suite := filepath.Base(link[3])
		if suite != link[1] || !slices.Contains(sentences(suite), link[2]) {
			complaints = append(complaints, fmt.Sprintf("%s names the scenario %q of %s, which suite %s does not have", path, link[2], link[1], suite))
		}
	}
	return complaints
}

func TestEveryStatementAboutSecurityIsHeld(t *testing.T) {
	assertNone(t, unheld(securityPage, documents(t)[securityPage], "asset", "server"))
}

func TestEveryScenarioInADocumentExists(t *testing.T) {
	sentences := func(suite string) []string { return literals(t, "e2e/suites/"+suite) }
	for path, text := range documents(t) {
		assertNone(t, unknownScenarios(path, text, sentences))
	}
}

func TestWhatIsNotHeldIsComplainedAbout(t *testing.T) {
	sentences := func(string) []string { return []string{"a pod is deleted"} }
	for name, test := range map[string]struct{ row, says string }{
		"a test holds it":                      {"| a | `TestAll` |", ""},
		"a scenario holds it":                  {"| a | [policies: a pod is deleted](../e2e/suites/policies) |", ""},
		"Kubernetes holds it":                  {"| a | Kubernetes |", ""},
		"nothing holds it":                     {"| a | |", `nothing holds "a"`},
		"a promise holds it":                   {"| a | we promise |", `nothing holds "a"`},
		"a scenario is unknown":                {"| a | [policies: a pod is born](../e2e/suites/policies) |", "does not have"},
		"a scenario is said of another suite":  {"| a | [injection: a pod is deleted](../e2e/suites/policies) |", "does not have"},
		"a table has no column for what holds": {"| a | `TestAll` |\n\n| fact | value |\n|---|---|\n| a | b |", "a table of each fact without"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "| statement | held by |\n|---|---|\n" + test.row + "\n"
			complaints := strings.Join(slices.Concat(unheld("p", text), unknownScenarios("p", text, sentences)), "\n")
			if (complaints == "") != (test.says == "") || !strings.Contains(complaints, test.says) {
				t.Errorf("got %q", complaints)
			}
		})
	}
}
