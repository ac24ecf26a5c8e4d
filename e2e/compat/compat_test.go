package compat

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestACellOfWhatWasRunReplacesTheOldOneAndLeavesTheOthers(t *testing.T) {
	of := table{first: "Kubernetes", kinds: []kind{{name: "v1.30.14"}, {name: "v1.34.4"}, {name: "v1.37.2"}}, suites: []string{"walkthrough", "upgrade"}}
	const (
		head   = "| Kubernetes | walkthrough | upgrade | node |\n|---|---|---|---|\n"
		newest = "| v1.37.2 | 9 cases, 60 s, 2026-11-02 | 22 cases, 300 s, 2026-11-02 | amd64 |\n"
		oldest = "| v1.30.14 | 8 cases, 50 s, 2026-11-01 | 21 cases, 290 s, 2026-11-01 | amd64 |\n"
	)
	for name, test := range map[string]struct{ old, want string }{
		"a table":                  {head + "| v1.29.9 | 1 cases, 6 s | not yet | amd64 |\n" + oldest + newest, head + "| v1.30.14 | 9 cases, 61 s, 2026-11-03 | 21 cases, 290 s, 2026-11-01 | arm64 |\n" + newest},
		"an empty table":           {"", head + "| v1.30.14 | 9 cases, 61 s, 2026-11-03 | not yet | arm64 |\n"},
		"a table without this row": {head + newest, head + "| v1.30.14 | 9 cases, 61 s, 2026-11-03 | not yet | arm64 |\n" + newest},
		"a table with other columns": {
			"| Kubernetes | upgrade | removed | node |\n|---|---|---|---|\n| v1.30.14 | 1 cases, 2 s, 2026-10-01 | x | amd64 |\n",
			head + "| v1.30.14 | 9 cases, 61 s, 2026-11-03 | 1 cases, 2 s, 2026-10-01 | arm64 |\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := of.with(test.old, "v1.30.14", map[string]string{"walkthrough": "9 cases, 61 s, 2026-11-03", "node": "arm64"}); got != test.want {
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

func TestANameThatNothingHasIsRefused(t *testing.T) {
	all := tables([]string{"v1.30.14", "v1.37.2"}, []string{"v2.4.2"})
	if err := check(all, []string{"v1.37.2", "containerd-v2.4.2"}, []string{"auth"}); err != nil {
		t.Error(err)
	}
	err := check(all, []string{"v1.37.2", "v1.29.0"}, []string{"chaos"})
	for _, says := range []string{`"v1.29.0"`, "CLUSTERS must be some of v1.30.14", `"chaos"`, "SUITES must be some of attack, auth, "} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v; it should say %s", err, says)
		}
	}
}

func TestANodeIsDescribedByTheRuntimeOfItsSuite(t *testing.T) {
	all := tables([]string{"v1.37.2"}, []string{"v2.4.2"})
	runtimes := all[len(all)-1]
	t.Setenv("CONTAINERD", "v1.7")
	if version := runtimes.kinds[0].variable("CONTAINERD"); version != "v2.4.2" {
		t.Errorf("on %s it is %q", runtimes.kinds[0], version)
	}
	if version := all[0].kinds[0].variable("CONTAINERD"); version != "v1.7" {
		t.Errorf("on %s it is %q", all[0].kinds[0], version)
	}
}

func TestAVersionIsTheFirstNumberOfWhatAProgramSays(t *testing.T) {
	for said, want := range map[string]string{
		"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u2": "1.6.20",
		"containerd github.com/containerd/containerd/v2 2.4.2+unknown ":               "2.4.2",
		"runc version 1.1.5+ds1\nspec: 1.0.2-dev":                                     "1.1.5",
		"6.18.44-abc": "6.18.44",
	} {
		if got := number(said); got != want {
			t.Errorf("of %q the version is %q", said, got)
		}
	}
}
