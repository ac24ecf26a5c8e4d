package podidentity_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// page is a document of which each broken one below differs in one thing.
const page = "# Page\n\n" +
	"## Flags\n\n| flag | meaning |\n|---|---|\n| `--port` | a port |\n| `--wait` | a wait |\n\n" +
	"```sh\n## no heading\nmake push REGISTRY=r VERSION=v && make install\n```\n\n" +
	"Run `make test` to make sure; see [flags](#flags), [there](docs/other.md#a-b), [code](main.go) and `TestAll`, `TestRule05…`.\n\n" +
	"```mermaid\nsequenceDiagram\n  K->>A: 1 run: first\n  loop 2 server.Serve: for ever\n```\n\n" +
	"| step | function | file |\n|---|---|---|\n| 1 | `main.run` | [main.go](../main.go) |\n| 2 | `main.server.Serve` | [main.go](../main.go) |\n\n" +
	"## Floor plan\n\n| `app/` | the app |\n\n" +
	"In `app/run.go`, `app.Run` calls `app.Server.Serve`, and `http.Serve` of others.\n\n" +
	"1. One.\n2. Two.\n\n" +
	"The metric `podidentity_pods` counts.\n"

const source = "package main\n\nfunc run() {}\n\ntype server struct{}\n\nfunc (s *server) Serve() {}\n"

// complaintsOf runs every check on a document beside what exists.
func complaintsOf(text string) []string {
	pages := map[string]string{"README.md": text, "docs/other.md": "# A: b?\n", architecturePage: text, "app/README.md": "[server/](server)\n"}
	read := func(path string) (string, error) {
		if path != "main.go" {
			return "", errors.New("no such file")
		}
		return source, nil
	}
	exists := func(path string) bool { return path == "main.go" || path == "../main.go" || path == "app/run.go" }
	return slices.Concat(
		compare([]string{"--port", "--wait"}, cells(section(text, "Flags"), flagPattern)),
		brokenLinks("README.md", pages, exists),
		missingFiles("README.md", text, exists),
		unknownTargets("README.md", text, "test: lint\nlint:\npush:\ninstall:\nX := y\n"),
		unknownTests("README.md", text, []string{"TestAll", "TestRule05TheTokenIsOneLine"}),
		unknownIdentifiers("README.md", text, map[string]bool{"app": true, "app.Run": true, "app.Server.Serve": true}),
		unknownMetrics(pages, []string{"podidentity_pods"}),
		unplanned(pages, []string{"app", "app/server"}),
		disagreements(text),
		misnumbered(text),
		unknownFunctions(text, read),
		tooLong("README.md", text, strings.Count(page, "\n")),
	)
}

func TestABrokenDocumentIsComplainedAbout(t *testing.T) {
	for name, test := range map[string]struct{ old, broken, says string }{
		"a flag is missing":                       {"| `--wait` | a wait |\n", "", "lacks --wait"},
		"a flag of the past is left":              {"`--wait`", "`--wait`, `--old`", "--old, which the code has not"},
		"a flag stands there twice":               {"`--wait`", "`--wait`, `--port`", "--port twice"},
		"a metric is misspelt":                    {"podidentity_pods", "podidentity_pod", "the metric podidentity_pod,"},
		"a link leads to no file":                 {"(main.go)", "(min.go)", "min.go, which does not exist"},
		"an anchor of another document is wrong":  {"#a-b)", "#a--b)", "no heading has this anchor"},
		"an anchor of the same document is wrong": {"(#flags)", "(#flag)", "no heading has this anchor"},
		"an anchor is a comment in code":          {"(#flags)", "(#no-heading)", "no heading has this anchor"},
		"a target is unknown in a sentence":       {"`make test`", "`make tests`", "make tests"},
		"a target is unknown in a block":          {"&& make install", "&& make instal", "make instal`"},
		"a test is unknown":                       {"TestAll", "TestNothing", "TestNothing, which does not exist"},
		"no test begins so":                       {"TestRule05…", "TestRule31…", "TestRule31…, which does not exist"},
		"a path leads nowhere":                    {"`app/run.go`", "`app/ran.go`", "the file app/ran.go, which does not exist"},
		"a package is not in the floor plan":      {"| `app/` |", "| app |", "package app stands neither"},
		"an identifier is unknown":                {"`app.Run`", "`app.Ran`", "app.Ran, which package app does not declare"},
		"a method is unknown":                     {"`app.Server.Serve`", "`app.Server.Stop`", "app.Server.Stop, which package app"},
		"a number comes twice":                    {"2. Two", "1. Two", "has 1 after 1"},
		"a function is unknown":                   {"`main.run`", "`main.ran`", "main.ran in main.go, which does not have it"},
		"a method is of another type":             {"`main.server.Serve`", "`main.client.Serve`", "main.client.Serve in main.go"},
		"a function is of another package":        {"`main.run`", "`app.run`", "app.run in main.go"},
		"a file is gone":                          {"| `main.run` | [main.go]", "| `main.run` | [gone.go]", "cannot be read"},
		"a diagram has another function":          {"1 run:", "1 ran:", "step 1 is ran"},
		"a diagram lacks a step":                  {"  K->>A: 1 run: first\n", "", "step 1, main.run, is in no diagram"},
		"a table lacks a step of the diagram":     {"| 2 | `main.server.Serve` | [main.go](../main.go) |\n", "", "step 2 is server.Serve"},
		"a page has a line too much":              {"# Page\n", "# Page\n\n", "and may have"},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(page, test.old, test.broken, 1)
			if text == page {
				t.Fatalf("the page has no %q", test.old)
			}
			complaints := complaintsOf(text)
			if !slices.ContainsFunc(complaints, func(complaint string) bool { return strings.Contains(complaint, test.says) }) {
				t.Errorf("got %q, want one that says %q", complaints, test.says)
			}
		})
	}
}

func TestASoundDocumentIsNotComplainedAbout(t *testing.T) { assertNone(t, complaintsOf(page)) }
