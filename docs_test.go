package podidentity_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

const (
	referencePage    = "docs/reference.md"
	architecturePage = "docs/architecture.md"
)

// documents are the Markdown files of the checkout, by path.
func documents(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, ".", ".md", func(path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = string(text)
	})
	return all
}

func assertNone(t *testing.T, complaints []string) {
	t.Helper()
	for _, complaint := range complaints {
		t.Error(complaint)
	}
}

func TestTheReferenceHasWhatTheCodeHas(t *testing.T) {
	page := documents(t)[referencePage]
	code := parseSources(t)
	conditions := section(page, "Conditions")
	for name, test := range map[string]struct{ code, page []string }{
		"the flags of the webhook":       {webhookFlags(t), cells(section(page, "Flags of the webhook"), flagPattern)},
		"the flags of preview":           {previewFlags(t), cells(section(page, "Flags of preview"), flagPattern)},
		"the flags of the auth service":  {authFlags(t), cells(section(page, "Flags of the auth service"), flagPattern)},
		"the flags of the sidecar":       {sidecarFlags(t), cells(section(page, "Flags of the sidecar"), flagPattern)},
		"the label and the annotations":  {ofDomain(code.constants("contract", "Label", "Annotation")), annotationsOf(page)},
		"the fields of the association":  {fields[v1alpha1.PodIdentityAssociationSpec](), cells(section(page, "PodIdentityAssociation"), wordPattern)},
		"the fields of the identity":     {append(fields[contract.Identity](), "containers"), cells(section(page, "Identity document"), wordPattern)},
		"the reasons":                    {reasons(), cells(section(page, "Reasons of an admission"), wordPattern)},
		"the metrics":                    {code.metrics, cells(section(page, "Metrics"), wordPattern)},
		"the conditions":                 {code.constants("v1alpha1", "Condition"), unique(cells(conditions, wordPattern))},
		"the reasons of conditions":      {code.constants("v1alpha1", "Reason"), unique(column(conditions, 2, wordPattern))},
		"the reasons of events":          {slices.Concat(code.events, readyReasons(conditions)), cells(section(page, "Events"), wordPattern)},
		"the environment of the sidecar": {sidecarEnvironment(t), known(cells(environmentOf(page), wordPattern), sidecarEnvironment(t))},
	} {
		t.Run(name, func(t *testing.T) { assertNone(t, compare(test.code, test.page)) })
	}
}

func reasons() []string {
	var all []string
	for _, reason := range inject.Reasons() {
		all = append(all, string(reason))
	}
	return all
}

// annotationsOf has the label of the namespace once: an annotation has the same name.
func annotationsOf(page string) []string {
	both := section(page, "Pod annotations") + section(page, "Bounds of a namespace")
	return cells(both, regexp.MustCompile("^"+regexp.QuoteMeta(contract.Domain)+"/[a-z-]+$"))
}

// environmentOf is the part about the sidecar; the application has other variables of the same names.
func environmentOf(page string) string {
	_, after, _ := strings.Cut(section(page, "Environment"), "Of the sidecar")
	return after
}

func readyReasons(conditions string) []string {
	var rows []string
	for line := range strings.Lines(conditions) {
		if strings.HasPrefix(line, "| `"+v1alpha1.ConditionReady+"`") {
			rows = append(rows, line)
		}
	}
	return column(strings.Join(rows, ""), 2, wordPattern)
}

func TestEveryMetricInADocumentExists(t *testing.T) {
	assertNone(t, unknownMetrics(documents(t), parseSources(t).metrics))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestEveryLinkAndPathInADocumentLeadsSomewhere(t *testing.T) {
	pages := documents(t)
	for path := range pages {
		assertNone(t, brokenLinks(path, pages, exists))
		assertNone(t, missingFiles(path, pages[path], exists))
	}
}

func TestEveryMakeTargetInADocumentExists(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range documents(t) {
		assertNone(t, unknownTargets(path, text, string(makefile)))
	}
}

func TestEveryTestInADocumentExists(t *testing.T) {
	tests := parseTests(t)
	for path, text := range documents(t) {
		assertNone(t, unknownTests(path, text, tests))
	}
}

func TestEveryIdentifierInADocumentExists(t *testing.T) {
	declared := parseSources(t).declared
	for path, text := range documents(t) {
		assertNone(t, unknownIdentifiers(path, text, declared))
	}
}

func TestEveryPackageStandsInTheFloorPlan(t *testing.T) {
	assertNone(t, unplanned(documents(t), slices.Sorted(maps.Keys(mayImport()))))
}

func TestEveryFunctionInTheArchitectureExists(t *testing.T) {
	text := documents(t)[architecturePage]
	assertNone(t, disagreements(text))
	assertNone(t, unknownFunctions(text, func(path string) (string, error) {
		content, err := os.ReadFile(path)
		return string(content), err
	}))
}

func TestTheDecisionsAreNumberedInOrder(t *testing.T) {
	assertNone(t, misnumbered(documents(t)[architecturePage]))
}

func TestTheREADMEIsShort(t *testing.T) {
	assertNone(t, tooLong("README.md", documents(t)["README.md"], 150))
}
