package compat

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestARowThatWasRunReplacesThatOfTheSameClusterAndLeavesTheOthers(t *testing.T) {
	of := table{first: "Kubernetes", kinds: []kind{{name: "v1.30.14"}, {name: "v1.34.4"}, {name: "v1.37.2"}}, suites: []string{"walkthrough"}}
	const head = "| Kubernetes | walkthrough | node | run on |\n|---|---|---|---|\n"
	const newest = "| v1.37.2 | 9 cases, 60 s | amd64 | 2026-11-02 |\n"
	old := head + "| v1.29.9 | 1 cases, 6 s | amd64 | 2026-10-01 |\n" + "| v1.30.14 | 8 cases, 50 s | amd64 | 2026-11-01 |\n" + newest
	for name, test := range map[string]struct{ old, want string }{
		"a table":        {old, head + "| v1.30.14 | 9 cases, 61 s | arm64 | 2026-11-03 |\n" + newest},
		"an empty table": {"", head + "| v1.30.14 | 9 cases, 61 s | arm64 | 2026-11-03 |\n"},
		"a table with the next version and no other row": {head + newest, head + "| v1.30.14 | 9 cases, 61 s | arm64 | 2026-11-03 |\n" + newest},
	} {
		t.Run(name, func(t *testing.T) {
			if got := of.with(test.old, []string{"v1.30.14", "9 cases, 61 s", "arm64", "2026-11-03"}); got != test.want {
				t.Errorf("the table is\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestCasesAreTheTestsThatHaveNoneBelowThem(t *testing.T) {
	const events = `{"Action":"output","Test":"TestA","Output":"says\n"}
{"Action":"pass","Test":"TestA/one","Elapsed":1}
{"Action":"fail","Test":"TestA/two","Elapsed":1}
{"Action":"fail","Test":"TestA","Elapsed":2}
{"Action":"pass","Test":"TestB","Elapsed":2}
{"Action":"fail","Elapsed":63.2}
`
	var output strings.Builder
	seen, err := read(strings.NewReader(events), &output)
	if err != nil || seen.passed != 2 || !slices.Equal(seen.failed, []string{"TestA", "TestA/two"}) || seen.String() != "2 cases, 63 s" {
		t.Errorf("seen %+v, %v", seen, err)
	}
	if output.String() != "says\n" {
		t.Errorf("it prints %q", output.String())
	}
	if _, err := read(strings.NewReader("not JSON"), io.Discard); err == nil {
		t.Error("what is no event is passed over")
	}
}

func TestANameThatNoClusterHasIsRefused(t *testing.T) {
	all := tables([]string{"v1.30.14", "v1.37.2"})
	if err := check(all, []string{"v1.37.2"}); err != nil {
		t.Error(err)
	}
	if err := check(all, []string{"v1.37.2", "v1.29.0"}); err == nil || !strings.Contains(err.Error(), `"v1.29.0"`) || !strings.Contains(err.Error(), "v1.30.14") {
		t.Errorf("for a name that there is not: %v", err)
	}
}

func TestAVersionIsTheFirstNumberOfWhatAProgramSays(t *testing.T) {
	for said, want := range map[string]string{
		"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u2": "1.6.20",
		"runc version 1.1.5+ds1\nspec: 1.0.2-dev":                                     "1.1.5",
		"6.18.44-abc": "6.18.44",
	} {
		if got := number(said); got != want {
			t.Errorf("of %q the version is %q", said, got)
		}
	}
}
